// Scraping: targets from discovery in, one record a scrape out.
//
// Who calls it: main wires it, web/ shows it; the loop's thread only.
// Operation: OnTargetGroups relabels the groups of a job into targets. A new target is scraped at
// once and then at its fixed offset in the interval (a hash of its identity, stable over restarts);
// a late tick is skipped. A target that vanishes gets staleness markers. Apply changes jobs; what
// does not concern a target's identity or its series leaves the target, its offset and its layout
// alone. While it is paused, targets come and go as ever and nothing is scraped or written: another
// process goes on with the same series.
#ifndef LIMPET_AGENT_SCRAPE_SCRAPE_MANAGER_H_
#define LIMPET_AGENT_SCRAPE_SCRAPE_MANAGER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/histogram.h"
#include "agent/scrape/memory_gate.h"
#include "agent/scrape/shard.h"
#include "discovery/target_group.h"
#include "queue/scrape_view.h"

namespace limpet {

enum class TargetHealth { kUnknown, kUp, kDown };

// What /api/v1/targets shows of an active target; views are good during the call.
struct TargetStatus {
  const std::string& job;
  const Labels& discovered_labels;
  const Labels& labels;
  std::string scrape_url;
  TargetHealth health;
  const std::string& last_error;
  int64_t last_scrape_ms;  // wall time; 0: never
  double last_scrape_duration_seconds;
  Millis interval;
  Millis timeout;
};

// Tells the groups of a job that are wanted, as discovery has them now.
using ForEachWantedGroup = std::function<void(const std::string& job, const WantTargetGroup& want,
                                              const TakeTargetGroup& take)>;
// A target that relabelling has dropped; false: no more of its job.
using OnDroppedTarget = std::function<bool(const std::string& job, const Labels& discovered)>;

class PageFamilies;
// What the last page of a target that was read says of its metric families.
using OnTargetFamilies = std::function<void(const Labels& labels, const PageFamilies& families)>;

struct TargetExplanation;
using OnExplainedTarget = std::function<bool(const TargetExplanation&)>;

struct ScrapeStats {
  uint64_t scrapes_total = 0;
  uint64_t scrapes_failed_total = 0;
  uint64_t samples_total = 0;  // appended, report series and staleness markers included
  uint64_t ticks_skipped_total = 0;
  uint64_t body_bytes_total = 0;  // as received
  uint64_t samples_duplicate_total = 0;
  uint64_t samples_out_of_bounds_total = 0;  // explicit timestamps too far in the future
  uint64_t samples_out_of_order_total = 0;   // explicit timestamps that are not newer
  MemoryRefusals refused_for_memory;         // scrapes
  uint64_t layouts = 0;                      // in memory
  uint64_t layout_bytes = 0;
  uint64_t series = 0;  // active: sum over targets of their layout's series
  Histogram scrape_seconds{{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}};
  Histogram lateness_seconds{{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5}};
};

class ScrapeManager {
 public:
  using Append = std::function<void(const ScrapeView&)>;

  // Scrapes the targets of that shard alone.
  ScrapeManager(EventLoop& loop, const Clock& clock, Append append, Shard shard = {});
  ~ScrapeManager();
  ScrapeManager(const ScrapeManager&) = delete;
  ScrapeManager& operator=(const ScrapeManager&) = delete;

  // What is refused follows from the budget from now on, and some bounds from its limit; it must
  // outlive the manager.
  void UseMemory(MemoryBudget& memory);
  // Gives back what is kept only to be used again; not while a page is read.
  void ReleaseCaches();

  void Apply(const Config& config);
  // The same for some jobs alone: those that are new or changed, and the names of those that are
  // gone.
  void Change(const std::vector<ScrapeConfig>& changed, const std::vector<std::string>& gone);
  void OnTargetGroups(const std::string& job, std::vector<TargetGroup> groups);

  // `may_scrape` is asked at each tick, beside the two below; none: always.
  void ScrapeWhile(std::function<bool()> may_scrape);
  void Pause();
  void Resume();
  bool paused() const;

  void ForEachTarget(const std::function<void(const TargetStatus&)>& function) const;
  // Of the targets that have been read, the families of each.
  void ForEachFamilies(const OnTargetFamilies& function) const;
  // Those dropped by relabelling, at most as many of a job as its keep_dropped_targets says; of all
  // jobs where none is named. None is kept: they are made again from `groups`.
  void ForEachDropped(std::string_view job, const ForEachWantedGroup& groups,
                      const OnDroppedTarget& function) const;
  // What has become of each target of a group of that job, until `function` says false. Nothing
  // where there is no such job.
  void Explain(const std::string& job, const TargetGroup& group,
               const OnExplainedTarget& function) const;
  // Null where there is no such job; good until the next Apply or Change.
  const ScrapeConfig* FindJob(const std::string& job) const;
  // How many are dropped, by job.
  std::vector<std::pair<std::string, uint64_t>> DroppedCounts() const;
  // Targets that other shards scrape, by job; empty where there are none.
  std::vector<std::pair<std::string, uint64_t>> OtherShardsCounts() const;
  Shard shard() const;
  ScrapeStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPE_MANAGER_H_
