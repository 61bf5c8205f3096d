// What would be scraped: the targets that relabelling makes of what discovery has found, without
// scraping any.
//
// Who calls it: `limpet targets`; the loop's thread.
// Operation: groups are kept as they are told and relabelled in the end, by the functions that
// scraping itself uses; targets of one job with the same labels and URL are one. Those of other
// shards are counted.
#ifndef LIMPET_AGENT_TARGET_PREVIEW_H_
#define LIMPET_AGENT_TARGET_PREVIEW_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "agent/scrape/shard.h"
#include "agent/scrape/target_labels.h"
#include "discovery/target_group.h"

namespace limpet {

struct PreviewedTarget {
  std::string job;
  Labels discovered;
  TargetSpec spec;
};

// Neither a target nor dropped: relabelling left something that cannot be scraped.
struct LeftOutTarget {
  std::string job;
  std::string address;
  std::string error;
};

struct DroppedTarget {
  std::string job;
  Labels discovered;
};

struct TargetPreview {
  std::vector<PreviewedTarget> targets;  // job by job as configured, then by URL
  std::vector<DroppedTarget> dropped;    // as many of a job as its keep_dropped_targets says
  std::vector<std::pair<std::string, uint64_t>> dropped_counts;  // a job each
  uint64_t other_shards = 0;
  std::vector<LeftOutTarget> left_out;
  std::vector<std::string> refusals;  // of jobs with more targets than their target_limit
};

class FoundGroups {
 public:
  // As a TargetGroupListener.
  void Take(const std::string& job, std::vector<TargetGroup> groups);
  TargetPreview Preview(const std::vector<ScrapeConfig>& jobs, Shard shard) const;

 private:
  std::map<std::string, std::map<std::string, TargetGroup>> groups_;  // by job and source
};

}  // namespace limpet

#endif  // LIMPET_AGENT_TARGET_PREVIEW_H_
