// What discovery hands to scraping: groups of targets as label sets, before any relabelling.
//
// Who calls it: discovery/ makes them, main passes them on, scrape/ relabels them; the loop's
// thread. As in Prometheus: a target's own labels (at least __address__) win over its group's.
#ifndef LIMPET_DISCOVERY_TARGET_GROUP_H_
#define LIMPET_DISCOVERY_TARGET_GROUP_H_

#include <functional>
#include <string>
#include <vector>

#include "agent/relabel/labels.h"

namespace limpet {

struct TargetGroup {
  // Unique in a job and stable: "pod/NAMESPACE/NAME", "static/0"; the key by which a group is
  // replaced. Of a job's second kubernetes_sd_configs entry and on it ends in "#1", "#2", ...,
  // since two of them may find the same object.
  std::string source;
  Labels labels;
  std::vector<Labels> targets;  // none: the group is gone
  friend bool operator==(const TargetGroup&, const TargetGroup&) = default;
};

// Adds, replaces or (no targets) removes groups of a job, by their source. Called on the loop's
// thread, within the turn in which the change was seen.
using TargetGroupListener =
    std::function<void(const std::string& job, std::vector<TargetGroup> groups)>;

// Which groups are asked for, by their source.
using WantTargetGroup = std::function<bool(const std::string& source)>;
// Takes one of them; false: no more.
using TakeTargetGroup = std::function<bool(const TargetGroup& group)>;

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_TARGET_GROUP_H_
