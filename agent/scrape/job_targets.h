// The targets of one job: groups from discovery in, targets that run out.
//
// Who calls it: the scrape manager, on the loop's thread.
// Operation: a group replaces what its source said before. Targets are known by identity (labels
// and URL): one that is still there is left alone, whichever group says so; two groups may name the
// same one. Those that belong to other shards are only counted. One that is gone leaves staleness
// markers, unless a new one with the same labels on its series takes over (a new address behind the
// same instance label, a changed interval). Of what relabelling drops only the number is kept, by
// group: its labels are made again, from the groups themselves, for whoever asks for them.
#ifndef LIMPET_AGENT_SCRAPE_JOB_TARGETS_H_
#define LIMPET_AGENT_SCRAPE_JOB_TARGETS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/scrape/scrape_target.h"
#include "agent/scrape/target_explanation.h"
#include "discovery/target_group.h"

namespace limpet {

class JobTargets {
 public:
  JobTargets(ScrapeContext& context, Scheduler& scheduler, const ScrapeConfig& config,
             uint64_t offset_seed);
  ~JobTargets();
  JobTargets(const JobTargets&) = delete;
  JobTargets& operator=(const JobTargets&) = delete;

  void Update(const ScrapeConfig& config);
  void OnGroups(std::vector<TargetGroup> groups);
  // The job is gone: markers for every target.
  void VanishAll();
  // Its targets stay known and are not scraped; the scheduler is paused.
  void SuspendAll();

  void ForEach(const std::function<void(const ScrapeTarget&)>& function) const;
  // Until `function` says false, and at most as many as the job's keep_dropped_targets.
  void ForEachDropped(const ForEachWantedGroup& groups, const OnDroppedTarget& function) const;
  // What has become of each target of the group, until `function` says false.
  void Explain(const TargetGroup& group, const OnExplainedTarget& function) const;
  uint64_t dropped_count() const { return dropped_count_; }
  const ScrapeConfig& config() const { return job_->config(); }
  // In all groups; one that two groups name counts twice.
  uint64_t other_shards_count() const { return other_shards_count_; }
  const std::string& name() const { return job_->config().job_name; }
  void set_offset_seed(uint64_t seed) { offset_seed_ = seed; }  // for targets that are yet to come

 private:
  struct Entry {
    std::unique_ptr<ScrapeTarget> target;
    size_t groups = 0;  // that name it
  };
  struct Group {
    std::vector<uint64_t> identities;
    uint32_t failed = 0;  // that are no targets
  };
  struct LeftOut {
    uint32_t dropped = 0;  // by relabelling
    uint32_t other_shards = 0;
  };
  struct NewTarget {
    uint64_t identity;
    TargetSpec spec;
    CompactLabels discovered;
  };

  using Leaving = std::unordered_multimap<uint64_t, std::unique_ptr<ScrapeTarget>>;  // by labels

  // Logs what is left out only where nothing was before: discovery reports a group often.
  Group MakeGroup(const TargetGroup& group, bool log_failures, std::vector<NewTarget>& added,
                  LeftOut& left_out);
  void CountLeftOut(uint64_t group, LeftOut counts);
  void Release(const Group& group, std::vector<uint64_t>& gone);
  void Exchange(std::vector<NewTarget> added, const std::vector<uint64_t>& gone);
  void AddStatus(const TargetStatus& status, TargetExplanation& explanation) const;
  void AppendVanished(const Leaving& leaving);
  void CheckTargetLimit();
  std::shared_ptr<const LayoutScope> ScopeFor(const Labels& labels, const HistogramFlags& flags);

  ScrapeContext& context_;
  Scheduler& scheduler_;
  std::shared_ptr<ScrapeJob> job_;
  uint64_t offset_seed_;
  std::unordered_map<uint64_t, Entry> targets_;
  // How many of them have these labels: in a storm pods go one by one.
  std::unordered_map<uint64_t, uint32_t> living_;
  // By the hash of their source. A job often drops all targets of most groups: of these there are
  // but the numbers, 40 bytes a group in all.
  std::unordered_map<uint64_t, Group> groups_;
  std::unordered_map<uint64_t, LeftOut> left_out_;  // of groups that have any
  uint64_t dropped_count_ = 0;
  uint64_t other_shards_count_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_JOB_TARGETS_H_
