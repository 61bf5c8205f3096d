// What is known of one monitor object, and how its translation came out.
//
// Who calls it: MonitorDiscovery; the loop's thread.
#ifndef LIMPET_DISCOVERY_MONITOR_ENTRY_H_
#define LIMPET_DISCOVERY_MONITOR_ENTRY_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "discovery/kubernetes_store.h"
#include "discovery/monitor_references.h"
#include "discovery/monitor_status.h"

namespace limpet {

struct MonitorKey {
  MonitorKind kind;
  std::string name_space;
  std::string name;
  friend auto operator<=>(const MonitorKey&, const MonitorKey&) = default;
};

struct MonitorEntry {
  // What the translation was made of: when one of them is another, it is made anew.
  uint64_t record = 0;
  uint64_t settings = 0;
  uint64_t references = 0;

  std::weak_ptr<KubernetesStore> store;  // that knows it
  std::set<MonitorReference> asked;
  std::vector<ScrapeConfig> jobs;
  std::vector<std::string> errors;
  std::vector<MonitorReference> waits_for;
  bool seen = false;      // in the present pass
  bool too_many = false;  // there was no room for its jobs
  std::string logged;     // the errors that were logged last

  MonitorState state() const {
    if (!errors.empty()) return MonitorState::kInvalid;
    return waits_for.empty() ? MonitorState::kActive : MonitorState::kWaiting;
  }
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_ENTRY_H_
