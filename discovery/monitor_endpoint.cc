#include "discovery/monitor_endpoint.h"

#include "discovery/meta_labels.h"
#include "discovery/monitor_client.h"

namespace limpet {
namespace {

constexpr size_t kEndpointsMax = 100;

}  // namespace

std::vector<MonitorField> MonitorEndpoints(const MonitorField& endpoints, MonitorJobs& out) {
  std::vector<MonitorField> items = endpoints.Items();
  if (items.size() <= kEndpointsMax) return items;
  out.errors.push_back(endpoints.path() + ": more than 100 endpoints");
  return {};
}

void SetEndpoint(MonitorJob& job, const MonitorField& endpoint) {
  YamlNode& root = job.root();
  job.Set(root, "honor_labels", endpoint.At("honorLabels"));
  job.Set(root, "honor_timestamps", endpoint.At("honorTimestamps"));
  job.Set(root, "track_timestamps_staleness", endpoint.At("trackTimestampsStaleness"));
  job.Set(root, "scrape_interval", endpoint.At("interval"));
  job.Set(root, "scrape_timeout", endpoint.At("scrapeTimeout"));
  job.Set(root, "metrics_path", endpoint.At("path"));
  job.Set(root, "params", endpoint.At("params"));
  job.Set(root, "scheme", endpoint.At("scheme"), MonitorJob::Spelling::kLowerCase);
  SetHttpClient(job, root, endpoint);
}

bool SelectsByRules(MonitorJob& job, const MonitorField& spec,
                    const std::vector<std::string>& roles, YamlNode& discovery) {
  const MonitorField mechanism = spec.At("selectorMechanism");
  if (!mechanism.IsFilled() || mechanism.text() == "RelabelConfig") return true;
  if (mechanism.text() != "RoleSelector") {
    job.Error(mechanism, "expected RelabelConfig or RoleSelector");
    return true;
  }
  const MonitorField selector = spec.At("selector");
  GeneratedJob& tree = job.tree();
  YamlNode& selectors = tree.List(selector.path());
  for (const std::string& role : roles) {
    YamlNode& entry = tree.Mapping(selector.path());
    tree.Set(entry, "role", tree.Text(role, selector.path()));
    tree.Set(entry, "label", tree.Text(LabelSelectorText(selector), selector.path()));
    tree.Append(selectors, entry);
  }
  tree.Set(discovery, "selectors", selectors);
  return false;
}

void AttachMonitorMetadata(MonitorJob& job, const MonitorField& spec, YamlNode& discovery) {
  const MonitorField node = spec.At("attachMetadata").At("node");
  if (!node.IsSet()) return;
  YamlNode& attach = job.tree().Mapping(node.path());
  job.Set(attach, "node", node);
  job.tree().Set(discovery, "attach_metadata", attach);
}

void AddRunningFilter(MonitorRules& rules, const MonitorField& endpoint) {
  const MonitorField filter = endpoint.At("filterRunning");
  if (!filter.flag(true)) return;
  rules.Add({.source_labels = {"__meta_kubernetes_pod_phase"},
             .regex = "(Failed|Succeeded)",
             .action = "drop"},
            filter.path());
}

void AddPodTargetLabels(MonitorRules& rules, const MonitorJob& job, const MonitorField& spec) {
  for (const MonitorField& label : spec.At("podTargetLabels").Items()) {
    rules.AddTargetLabel(label.text(), "pod", SanitizeLabelName(label.text()), label.path());
  }
  for (const std::string& label : job.input().settings.pod_target_labels) {
    rules.AddTargetLabel(label, "pod", SanitizeLabelName(label), "pod_target_labels");
  }
}

void AddEndpointLabel(MonitorRules& rules, const MonitorField& endpoint) {
  const MonitorField port = endpoint.At("port");
  const MonitorField target_port = endpoint.At("targetPort");
  const MonitorField& named = port.text().empty() ? target_port : port;
  const std::string text = named.TextOrNumber();
  if (text.empty()) return;
  rules.Add({.target_label = "endpoint", .replacement = text}, named.path());
}

void AddContainerPort(MonitorRules& rules, const MonitorField& target_port) {
  const std::string text = target_port.TextOrNumber();
  if (text.empty() || text == "0") return;
  const bool is_name = target_port.value().IsString();
  rules.Add({.source_labels = {is_name ? "__meta_kubernetes_pod_container_port_name"
                                       : "__meta_kubernetes_pod_container_port_number"},
             .regex = text,
             .action = "keep"},
            target_port.path());
}

}  // namespace limpet
