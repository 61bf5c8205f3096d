// Target groups of a list that was read, and what of them has changed since the last reading.
//
// Who calls it: FileDiscovery and HttpDiscovery, on the loop's thread; pure functions.
// Limits: 100 000 groups and 100 000 targets a list, and 64 MiB of label text with a group's labels
// counted for each of its targets, since that is where they end up.
#ifndef LIMPET_DISCOVERY_LISTED_GROUPS_H_
#define LIMPET_DISCOVERY_LISTED_GROUPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/result.h"
#include "discovery/target_group.h"

namespace limpet {

using TargetGroups = std::vector<TargetGroup>;

// Group i has the source "SOURCE:i" and, beside its own labels, `origin`.
Result<TargetGroups> MakeListedGroups(const std::vector<StaticConfig>& list,
                                      const std::string& source, const Label& origin);

// What turns `before` into `now`, both of one source: groups that are new or differ, and those that
// are gone, without targets.
TargetGroups ChangedGroups(const TargetGroups& before, const TargetGroups& now);

uint64_t CountTargets(const TargetGroups& groups);

// As GroupSource::ForEachWanted.
bool ForEachWanted(const TargetGroups& groups, const WantTargetGroup& want,
                   const TakeTargetGroup& take);

// Whether one of that source is among them and has targets.
bool HasListedGroup(const TargetGroups& groups, const std::string& source);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_LISTED_GROUPS_H_
