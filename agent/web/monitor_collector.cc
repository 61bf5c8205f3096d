#include <array>
#include <map>

#include "agent/web/collectors.h"

namespace limpet {

void CollectMonitors(const WebSources& sources, MetricFamilies& families) {
  if (!sources.monitors) return;
  std::map<std::string_view, std::array<uint64_t, std::size(kMonitorStateNames)>> counts;
  for (const MonitorStatus& monitor : sources.monitors()) {
    ++counts[monitor.kind][static_cast<size_t>(monitor.state)];
  }
  auto& objects = families.Gauge("limpet_monitor_objects",
                                 "Objects of monitoring.coreos.com, by what became of them.");
  for (const auto& [kind, by_state] : counts) {
    for (size_t state = 0; state < by_state.size(); ++state) {
      AddSample(objects, {{"kind", kind}, {"state", kMonitorStateNames[state]}}, by_state[state]);
    }
  }
}

}  // namespace limpet
