#include "discovery/meta_labels.h"
#include "discovery/monitor_endpoint.h"
#include "discovery/monitor_kinds.h"
#include "discovery/monitor_rules.h"

namespace limpet {
namespace {

bool UsesSlices(const MonitorInput& input, const MonitorField& spec) {
  const MonitorField role = spec.At("serviceDiscoveryRole");
  return role.IsFilled() ? role.text() == "EndpointSlice" : input.settings.endpoint_slices;
}

void AddPort(MonitorRules& rules, const MonitorField& endpoint, const std::string& role_label) {
  const MonitorField port = endpoint.At("port");
  if (port.text().empty()) return AddContainerPort(rules, endpoint.At("targetPort"));
  rules.Add({.source_labels = {"__meta_kubernetes_" + role_label + "_port_name"},
             .regex = std::string(port.text()),
             .action = "keep"},
            port.path());
}

void AddNames(MonitorRules& rules, const std::string& role_label) {
  const std::string target = "__meta_kubernetes_" + role_label + "_address_target_";
  for (const auto& [kind, label] : {std::pair("Node", "node"), std::pair("Pod", "pod")}) {
    rules.Add({.source_labels = {target + "kind", target + "name"},
               .regex = std::string(kind) + ";(.*)",
               .target_label = label,
               .replacement = "${1}"});
  }
  rules.Add({.source_labels = {"__meta_kubernetes_namespace"}, .target_label = "namespace"});
  rules.Add({.source_labels = {"__meta_kubernetes_service_name"}, .target_label = "service"});
  rules.Add({.source_labels = {"__meta_kubernetes_pod_name"}, .target_label = "pod"});
  rules.Add(
      {.source_labels = {"__meta_kubernetes_pod_container_name"}, .target_label = "container"});
}

void AddJobLabel(MonitorRules& rules, const MonitorField& job_label) {
  rules.Add({.source_labels = {"__meta_kubernetes_service_name"},
             .target_label = "job",
             .replacement = "${1}"});
  if (job_label.text().empty()) return;
  rules.AddTargetLabel(job_label.text(), "service", "job", job_label.path());
}

}  // namespace

void TranslateServiceMonitor(const MonitorInput& input, const MonitorField& spec,
                             MonitorReferences& references, MonitorJobs& out) {
  const bool slices = UsesSlices(input, spec);
  const std::string role = slices ? "endpointslice" : "endpoints";
  const std::string role_label = slices ? "endpointslice" : "endpoint";
  size_t index = 0;
  for (const MonitorField& endpoint : MonitorEndpoints(spec.At("endpoints"), out)) {
    MonitorJob job(input, references, out,
                   "serviceMonitor/" + std::string(input.name_space) + "/" +
                       std::string(input.name) + "/" + std::to_string(index++));
    SetEndpoint(job, endpoint);
    job.SetScrapeDefaults(spec);
    YamlNode& discovery = job.DiscoverKubernetes(role, spec.At("namespaceSelector"));
    AttachMonitorMetadata(job, spec, discovery);

    MonitorRules rules(job, "relabel_configs");
    rules.Add({.source_labels = {"job"}, .target_label = "__tmp_prometheus_job_name"});
    if (SelectsByRules(job, spec, {role, "service"}, discovery)) {
      rules.AddSelector(spec.At("selector"), "service");
    }
    AddPort(rules, endpoint, role_label);
    AddNames(rules, role_label);
    AddRunningFilter(rules, endpoint);
    for (const MonitorField& label : spec.At("targetLabels").Items()) {
      rules.AddTargetLabel(label.text(), "service", SanitizeLabelName(label.text()), label.path());
    }
    AddPodTargetLabels(rules, job, spec);
    AddJobLabel(rules, spec.At("jobLabel"));
    AddEndpointLabel(rules, endpoint);
    rules.AddOwn(endpoint.At("relabelings"));
    MonitorRules(job, "metric_relabel_configs").AddOwn(endpoint.At("metricRelabelings"));
    job.Finish();
  }
}

}  // namespace limpet
