// static_configs as target groups: "static/0", "static/1", ...
//
// Who calls it: Discovery; any thread.
#ifndef LIMPET_DISCOVERY_STATIC_TARGETS_H_
#define LIMPET_DISCOVERY_STATIC_TARGETS_H_

#include <vector>

#include "agent/config/config.h"
#include "discovery/target_group.h"

namespace limpet {

// One group an entry, also where it has no targets.
inline std::vector<TargetGroup> StaticTargets(const std::vector<StaticConfig>& configs) {
  std::vector<TargetGroup> groups;
  for (const StaticConfig& config : configs) {
    TargetGroup& group = groups.emplace_back();
    group.source = "static/" + std::to_string(groups.size() - 1);
    group.labels = config.labels;
    for (const std::string& target : config.targets) {
      group.targets.push_back(Labels({{"__address__", target}}));
    }
  }
  return groups;
}

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_STATIC_TARGETS_H_
