#include "discovery/meta_labels.h"
#include "discovery/monitor_endpoint.h"
#include "discovery/monitor_kinds.h"
#include "discovery/monitor_rules.h"

namespace limpet {
namespace {

void AddPodPort(MonitorRules& rules, const MonitorField& endpoint) {
  const MonitorField port = endpoint.At("port");
  const MonitorField number = endpoint.At("portNumber");
  if (!port.text().empty()) {
    AddContainerPort(rules, port);
  } else if (number.TextOrNumber() != "0" && !number.TextOrNumber().empty()) {
    AddContainerPort(rules, number);
  } else {
    AddContainerPort(rules, endpoint.At("targetPort"));
  }
}

}  // namespace

void TranslatePodMonitor(const MonitorInput& input, const MonitorField& spec,
                         MonitorReferences& references, MonitorJobs& out) {
  const std::string full_name = std::string(input.name_space) + "/" + std::string(input.name);
  size_t index = 0;
  for (const MonitorField& endpoint : MonitorEndpoints(spec.At("podMetricsEndpoints"), out)) {
    MonitorJob job(input, references, out,
                   "podMonitor/" + full_name + "/" + std::to_string(index++));
    SetEndpoint(job, endpoint);
    job.SetScrapeDefaults(spec);
    YamlNode& discovery = job.DiscoverKubernetes("pod", spec.At("namespaceSelector"));
    AttachMonitorMetadata(job, spec, discovery);

    MonitorRules rules(job, "relabel_configs");
    rules.Add({.source_labels = {"job"}, .target_label = "__tmp_prometheus_job_name"});
    AddRunningFilter(rules, endpoint);
    if (SelectsByRules(job, spec, {"pod"}, discovery)) {
      rules.AddSelector(spec.At("selector"), "pod");
    }
    AddPodPort(rules, endpoint);
    rules.Add({.source_labels = {"__meta_kubernetes_namespace"}, .target_label = "namespace"});
    rules.Add(
        {.source_labels = {"__meta_kubernetes_pod_container_name"}, .target_label = "container"});
    rules.Add({.source_labels = {"__meta_kubernetes_pod_name"}, .target_label = "pod"});
    AddPodTargetLabels(rules, job, spec);
    rules.Add({.target_label = "job", .replacement = full_name});
    const MonitorField job_label = spec.At("jobLabel");
    if (!job_label.text().empty()) {
      rules.AddTargetLabel(job_label.text(), "pod", "job", job_label.path());
    }
    AddEndpointLabel(rules, endpoint);
    rules.AddOwn(endpoint.At("relabelings"));
    MonitorRules(job, "metric_relabel_configs").AddOwn(endpoint.At("metricRelabelings"));
    job.Finish();
  }
}

}  // namespace limpet
