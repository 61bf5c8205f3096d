// The kinds that scrape configurations are made of: ServiceMonitor, PodMonitor and Probe of
// monitoring.coreos.com/v1, ScrapeConfig of v1alpha1, and the Secrets and ConfigMaps that they
// name.
//
// Who calls it: the stores of these kinds and MonitorDiscovery, on the loop's thread.
// Operation: the record of an object is its spec as JSON text: what else changes in it (status,
// managed fields, annotations) is no change. The record of a Secret or ConfigMap has its values,
// decoded.
// Limits: a spec of 256 KiB and 48 levels; a larger one is kept as the reason why it is not read.
#ifndef LIMPET_DISCOVERY_MONITOR_KIND_H_
#define LIMPET_DISCOVERY_MONITOR_KIND_H_

#include <optional>
#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "discovery/json_object.h"
#include "discovery/kubernetes_kind.h"

namespace limpet {

const KubernetesKind& KubernetesKindOf(MonitorKind kind);
const KubernetesKind& SecretKind();
const KubernetesKind& ConfigMapKind();

std::string MonitorRecord(const JsonValue& object);
std::string SecretRecord(const JsonValue& object);
std::string ConfigMapRecord(const JsonValue& object);

// What MonitorRecord kept; views are into the record.
struct MonitorObject {
  std::string_view name_space;
  std::string_view name;
  std::string_view spec;     // JSON
  std::string_view problem;  // why there is no spec; empty: there is
};
MonitorObject DecodeMonitor(std::string_view record);

// The value under `key` of a Secret's or ConfigMap's record.
std::optional<std::string_view> FindValue(std::string_view record, std::string_view key);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_KIND_H_
