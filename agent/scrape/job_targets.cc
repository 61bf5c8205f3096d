#include "agent/scrape/job_targets.h"

#include <unordered_set>
#include <utility>

#include "agent/platform/logging.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

std::string AddressOf(const Labels& labels) {
  return std::string(labels.Get("__address__").substr(0, 256));
}

uint64_t KeyOf(const std::string& source) { return TextHash::Instance()(source); }

}  // namespace

JobTargets::JobTargets(ScrapeContext& context, Scheduler& scheduler, const ScrapeConfig& config,
                       uint64_t offset_seed)
    : context_(context),
      scheduler_(scheduler),
      job_(std::make_shared<ScrapeJob>(config)),
      offset_seed_(offset_seed) {}

JobTargets::~JobTargets() {
  for (const auto& [identity, entry] : targets_) scheduler_.Remove(*entry.target);
}

std::shared_ptr<const LayoutScope> JobTargets::ScopeFor(const Labels& labels,
                                                        const HistogramFlags& flags) {
  return context_.writer.layouts.Intern(NewLayoutScope(job_->series_settings(flags), labels));
}

// As in Prometheus no target of a job with too many of them is scraped; those of other shards do
// not count, as they do not where hashmod keeps a part.
void JobTargets::CheckTargetLimit() {
  const uint64_t limit = job_->config().target_limit;
  const bool exceeded = limit != 0 && targets_.size() > limit;
  job_->set_refusal(
      exceeded ? "target_limit exceeded (number of targets: " + std::to_string(targets_.size()) +
                     ", limit: " + std::to_string(limit) + ")"
               : "");
}

void JobTargets::Update(const ScrapeConfig& config) {
  const bool same_series = !job_->Update(config);
  CheckTargetLimit();
  if (same_series) return;
  for (const auto& [identity, entry] : targets_) {
    ScrapeTarget& target = *entry.target;
    target.series().ChangeScope(ScopeFor(target.series().labels(), target.histograms()));
  }
}

JobTargets::Group JobTargets::MakeGroup(const TargetGroup& group, bool log_failures,
                                        std::vector<NewTarget>& added, LeftOut& left_out) {
  Group made;
  std::unordered_set<uint64_t> seen;
  for (const Labels& target : group.targets) {
    const Labels discovered = DiscoveredLabels(job_->config(), group.labels, target);
    auto spec = MakeTarget(job_->config(), discovered);
    if (!spec) {
      ++made.failed;
      if (!log_failures) continue;
      LogWarn(
          "target left out",
          {{"job", name()}, {"address", AddressOf(discovered)}, {"error", spec.error().message}});
      continue;
    }
    if (!*spec) {
      ++left_out.dropped;
      continue;
    }
    const uint64_t identity = (*spec)->identity;
    if (!seen.insert(identity).second) continue;
    if (!context_.shard.Owns(identity)) {
      ++left_out.other_shards;
      continue;
    }
    made.identities.push_back(identity);
    added.push_back({identity, std::move(**spec), CompactLabels(discovered)});
  }
  return made;
}

void JobTargets::Release(const Group& group, std::vector<uint64_t>& gone) {
  for (const uint64_t identity : group.identities) {
    if (--targets_[identity].groups == 0) gone.push_back(identity);
  }
}

void JobTargets::CountLeftOut(uint64_t group, LeftOut counts) {
  const auto known = left_out_.find(group);
  if (known != left_out_.end()) {
    dropped_count_ -= known->second.dropped;
    other_shards_count_ -= known->second.other_shards;
  }
  dropped_count_ += counts.dropped;
  other_shards_count_ += counts.other_shards;
  if (counts.dropped + counts.other_shards > 0) {
    left_out_[group] = counts;
  } else if (known != left_out_.end()) {
    left_out_.erase(known);
  }
}

void JobTargets::OnGroups(std::vector<TargetGroup> groups) {
  std::vector<NewTarget> added;
  std::vector<uint64_t> gone;
  for (const TargetGroup& group : groups) {
    const uint64_t key = KeyOf(group.source);
    std::vector<NewTarget> of_group;
    const auto known = groups_.find(key);
    const bool failed_before = known != groups_.end() && known->second.failed > 0;
    LeftOut left_out;
    Group made = MakeGroup(group, !failed_before, of_group, left_out);
    CountLeftOut(key, left_out);
    // Counted before the old ones are released, so that a target in both is never at zero.
    for (NewTarget& target : of_group) {
      Entry& entry = targets_[target.identity];
      ++entry.groups;
      if (entry.target != nullptr) {
        entry.target->SetDiscovered(std::move(target.discovered));
      } else {
        added.push_back(std::move(target));
      }
    }
    if (known != groups_.end()) Release(known->second, gone);
    if (made.identities.empty() && made.failed == 0) {
      if (known != groups_.end()) groups_.erase(known);
    } else {
      groups_[key] = std::move(made);
    }
  }
  Exchange(std::move(added), gone);
}

// Starts and ends targets together, so that a new one can take over from one that goes.
void JobTargets::Exchange(std::vector<NewTarget> added, const std::vector<uint64_t>& gone) {
  Leaving leaving;
  for (const uint64_t identity : gone) {
    const auto it = targets_.find(identity);
    // A later group may have named it again, or have let it go twice.
    if (it == targets_.end() || it->second.groups > 0) continue;
    if (it->second.target != nullptr) {
      scheduler_.Remove(*it->second.target);
      const uint64_t hash = it->second.target->series().labels().Hash();
      if (const auto living = living_.find(hash); --living->second == 0) living_.erase(living);
      leaving.emplace(hash, std::move(it->second.target));
    }
    targets_.erase(it);
  }
  std::vector<std::pair<ScrapeTarget*, bool>> starting;
  std::vector<uint64_t> identities;
  for (NewTarget& target : added) {
    const auto it = targets_.find(target.identity);
    if (it == targets_.end() || it->second.target != nullptr) continue;
    const Labels labels = target.spec.labels;
    auto scope = ScopeFor(labels, target.spec.histograms);
    it->second.target = std::make_unique<ScrapeTarget>(
        context_, job_, std::move(target.spec), std::move(target.discovered), std::move(scope));
    bool at_once = true;
    const uint64_t hash = labels.Hash();
    ++living_[hash];
    const auto predecessor = leaving.find(hash);
    if (predecessor != leaving.end()) {
      it->second.target->TakeOver(*predecessor->second);
      at_once = !(predecessor->second->url() == it->second.target->url());
      leaving.erase(predecessor);
    }
    starting.emplace_back(it->second.target.get(), at_once);
    identities.push_back(target.identity);
  }
  AppendVanished(leaving);
  CheckTargetLimit();
  for (size_t i = 0; i < starting.size(); ++i) {
    ScrapeTarget& target = *starting[i].first;
    scheduler_.Add(target, target.interval(), identities[i] ^ offset_seed_, starting[i].second);
  }
}

// A target that stays may have the very labels of one that leaves (relabelling to the node's name,
// a rolling update). It still writes those series, and a marker would make its next samples late.
void JobTargets::AppendVanished(const Leaving& leaving) {
  for (const auto& [hash, target] : leaving) {
    if (living_.contains(hash)) continue;
    target->series().AppendVanished(context_.writer, context_.clock.WallMs());
  }
}

void JobTargets::VanishAll() {
  for (const auto& [identity, entry] : targets_) {
    scheduler_.Remove(*entry.target);
    entry.target->series().AppendVanished(context_.writer, context_.clock.WallMs());
  }
  targets_.clear();
  living_.clear();
  groups_.clear();
  left_out_.clear();
  dropped_count_ = 0;
  other_shards_count_ = 0;
}

void JobTargets::SuspendAll() {
  for (const auto& [identity, entry] : targets_) entry.target->Suspend();
}

void JobTargets::ForEach(const std::function<void(const ScrapeTarget&)>& function) const {
  for (const auto& [identity, entry] : targets_) function(*entry.target);
}

void JobTargets::ForEachDropped(const ForEachWantedGroup& groups,
                                const OnDroppedTarget& function) const {
  if (dropped_count_ == 0) return;
  uint64_t left = config().dropped_targets_shown();
  const auto want = [this](const std::string& source) {
    const auto known = left_out_.find(KeyOf(source));
    return known != left_out_.end() && known->second.dropped > 0;
  };
  groups(name(), want, [&](const TargetGroup& group) {
    for (const Labels& target : group.targets) {
      const Labels discovered = DiscoveredLabels(config(), group.labels, target);
      LabelsBuilder labels(discovered);
      if (ApplyRelabelRules(config().relabel_configs, labels)) continue;
      if (!function(name(), discovered) || --left == 0) return false;
    }
    return true;
  });
}

void JobTargets::Explain(const TargetGroup& group, const OnExplainedTarget& function) const {
  for (const Labels& target : group.targets) {
    const Labels discovered = DiscoveredLabels(config(), group.labels, target);
    TargetExplanation explanation{config(), discovered};
    const auto spec = MakeTarget(config(), discovered);
    const ScrapeTarget* made = nullptr;
    if (!spec) {
      explanation.fate = TargetFate::kInvalid;
      explanation.error = spec.error().message;
    } else if (!*spec) {
      explanation.fate = TargetFate::kDropped;
    } else if (!context_.shard.Owns((*spec)->identity)) {
      explanation.fate = TargetFate::kOtherShard;
      explanation.error = "this is shard " + std::to_string(context_.shard.index) + " of " +
                          std::to_string(context_.shard.count);
    } else {
      const auto known = targets_.find((*spec)->identity);
      if (known != targets_.end()) made = known->second.target.get();
    }
    bool more = true;
    if (made == nullptr) {
      more = function(explanation);
    } else {
      made->ShowTo([&](const TargetStatus& status) {
        AddStatus(status, explanation);
        more = function(explanation);
      });
    }
    if (!more) return;
  }
}

void JobTargets::AddStatus(const TargetStatus& status, TargetExplanation& explanation) const {
  explanation.status = &status;
  explanation.fate = TargetFate::kScraped;
  if (!job_->refusal().empty()) {
    explanation.fate = TargetFate::kRefused;
    explanation.error = job_->refusal();
  } else if (status.health != TargetHealth::kUp && MemoryGate::IsRefusal(status.last_error)) {
    explanation.fate = TargetFate::kRefused;
    explanation.error = status.last_error;
  } else if (status.discovered_labels != explanation.discovered) {
    explanation.fate = TargetFate::kDuplicate;
  } else if (scheduler_.paused()) {
    explanation.fate = TargetFate::kStandby;
    explanation.error = "another replica holds the lease";
  }
}

}  // namespace limpet
