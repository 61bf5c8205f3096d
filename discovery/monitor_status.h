// What became of a monitor object: for metrics and pages.
//
// Who calls it: MonitorDiscovery makes it, web/ shows it; the loop's thread.
#ifndef LIMPET_DISCOVERY_MONITOR_STATUS_H_
#define LIMPET_DISCOVERY_MONITOR_STATUS_H_

#include <string>
#include <string_view>
#include <vector>

namespace limpet {

enum class MonitorState {
  kActive,   // it has its jobs
  kWaiting,  // for a Secret or ConfigMap to be listed
  kInvalid,  // it has no jobs
};
inline constexpr std::string_view kMonitorStateNames[] = {"active", "waiting", "invalid"};

struct MonitorStatus {
  std::string_view kind;  // "ServiceMonitor"
  std::string name_space;
  std::string name;
  MonitorState state = MonitorState::kActive;
  std::vector<std::string> errors;  // "spec.endpoints[0].interval: ..."; of kWaiting, why
  std::vector<std::string> jobs;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_STATUS_H_
