#include <algorithm>
#include <iterator>

#include "agent/config/blocks.h"

namespace limpet {

namespace {

void ReadKinds(MappingReader& reader, std::vector<MonitorKind>& kinds) {
  const YamlNode* list = reader.Find("kinds");
  if (list == nullptr) return;
  kinds.clear();
  reader.List("kinds", [&](const YamlNode& item, const std::string& path) {
    const std::optional<std::string> name = ReadText(reader.context(), item, path, "a kind");
    if (!name) return;
    const auto known = std::find(std::begin(kMonitorKindNames), std::end(kMonitorKindNames), *name);
    if (known == std::end(kMonitorKindNames)) {
      reader.context().AddError(
          item.place, path,
          "expected one of ServiceMonitor, PodMonitor, Probe, ScrapeConfig, found " +
              DescribeNode(item));
      return;
    }
    const auto kind = static_cast<MonitorKind>(known - std::begin(kMonitorKindNames));
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) {
      reader.context().AddError(item.place, path, "is in the list already");
    }
    kinds.push_back(kind);
  });
  if (list->kind == YamlNode::Kind::kList && list->items.empty()) {
    reader.ValueError("kinds", "must not be empty");
  }
}

void ReadRole(MappingReader& reader, bool& endpoint_slices) {
  std::string role;
  if (!reader.Text("service_discovery_role", role)) return;
  endpoint_slices = role == "EndpointSlice";
  if (endpoint_slices || role == "Endpoints") return;
  reader.ValueError("service_discovery_role",
                    "expected Endpoints or EndpointSlice, found " +
                        DescribeNode(*reader.Find("service_discovery_role")));
}

}  // namespace

void ReadKubernetesMonitors(ReadContext& context, const YamlNode& node,
                            KubernetesMonitorsConfig& monitors) {
  MappingReader reader(context, node, "kubernetes_monitors");
  if (!reader.IsMapping()) return;
  ReadKinds(reader, monitors.kinds);
  ReadKubernetesSource(reader, monitors);
  // What they select is checked by the API server, which knows the syntax best.
  reader.Text("selector", monitors.selector);
  reader.Text("namespace_selector", monitors.namespace_selector);
  reader.Bool("ignore_namespace_selectors", monitors.ignore_namespace_selectors);
  reader.Bool("allow_files", monitors.allow_files);
  ReadRole(reader, monitors.endpoint_slices);
  reader.List("pod_target_labels", [&](const YamlNode& item, const std::string& path) {
    auto label = ReadText(context, item, path, "a label of pods");
    if (label) monitors.pod_target_labels.push_back(std::move(*label));
  });
  reader.ByteSize("enforced_body_size_limit", monitors.enforced_body_size_limit);
  reader.Unsigned("enforced_sample_limit", monitors.enforced_sample_limit);
  reader.Unsigned("enforced_target_limit", monitors.enforced_target_limit);
  reader.Unsigned("enforced_label_limit", monitors.enforced_label_limit);
  reader.Unsigned("enforced_label_name_length_limit", monitors.enforced_label_name_length_limit);
  reader.Unsigned("enforced_label_value_length_limit", monitors.enforced_label_value_length_limit);
  reader.Finish();
}

}  // namespace limpet
