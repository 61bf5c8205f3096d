#include "agent/scrape/scrape_manager.h"

#include <map>
#include <utility>

#include "agent/scrape/job_targets.h"
#include "agent/scrape/scheduler.h"
#include "agent/scrape/scrape_target.h"

namespace limpet {
namespace {

// Of the memory limit: a page of a job that sets no limit.
constexpr uint64_t kPagePart = 8;

}  // namespace

class ScrapeManager::Impl {
 public:
  Impl(EventLoop& loop, const Clock& clock, Append append, Shard shard)
      : context_(loop, clock), scheduler_(loop, clock) {
    context_.shard = shard;
    context_.writer.append = std::move(append);
  }

  void UseMemory(MemoryBudget& memory) {
    context_.writer.memory.Use(memory);
    context_.writer.memory.OnBytes(BodyPool::kBytesMax, context_.bodies);
    context_.page_bytes_max = memory.BoundOf(ScrapeJob::kPageBytesMax, kPagePart);
  }

  void ReleaseCaches() {
    context_.bodies.ReleaseFree();
    std::string().swap(context_.inflated);
  }

  void Apply(const Config& config) {
    // As in Prometheus the offset also depends on the external labels, so that replicas which
    // differ in them do not scrape at the same moment.
    seed_ = config.global.external_labels.Hash();
    Jobs before = std::move(jobs_);
    jobs_.clear();
    for (const ScrapeConfig& job : config.scrape_configs) ApplyJob(job, before);
    for (const auto& [name, job] : before) job->VanishAll();
  }

  void Change(const std::vector<ScrapeConfig>& changed, const std::vector<std::string>& gone) {
    for (const ScrapeConfig& job : changed) ApplyJob(job, jobs_);
    for (const std::string& name : gone) {
      const auto job = jobs_.extract(name);
      if (!job.empty()) job.mapped()->VanishAll();
    }
  }

  void OnTargetGroups(const std::string& job, std::vector<TargetGroup> groups) {
    const auto it = jobs_.find(job);
    if (it != jobs_.end()) it->second->OnGroups(std::move(groups));
  }

  void ScrapeWhile(std::function<bool()> may_scrape) {
    context_.may_scrape = std::move(may_scrape);
  }

  void Pause() {
    if (scheduler_.paused()) return;
    scheduler_.Pause();
    for (const auto& [name, job] : jobs_) job->SuspendAll();
    ReleaseCaches();
  }

  void Resume() { scheduler_.Resume(); }

  bool paused() const { return scheduler_.paused(); }

  void ForEachTarget(const std::function<void(const TargetStatus&)>& function) const {
    for (const auto& [name, job] : jobs_) {
      job->ForEach([&](const ScrapeTarget& target) { target.ShowTo(function); });
    }
  }

  void ForEachFamilies(const OnTargetFamilies& function) const {
    for (const auto& [name, job] : jobs_) {
      job->ForEach([&](const ScrapeTarget& target) {
        const PageFamilies* families = target.series().families();
        if (families != nullptr) function(target.series().labels(), *families);
      });
    }
  }

  void ForEachDropped(std::string_view wanted, const ForEachWantedGroup& groups,
                      const OnDroppedTarget& function) const {
    for (const auto& [name, job] : jobs_) {
      if (wanted.empty() || wanted == name) job->ForEachDropped(groups, function);
    }
  }

  const JobTargets* Find(const std::string& name) const {
    const auto job = jobs_.find(name);
    return job == jobs_.end() ? nullptr : job->second.get();
  }

  std::vector<std::pair<std::string, uint64_t>> DroppedCounts() const {
    std::vector<std::pair<std::string, uint64_t>> counts;
    for (const auto& [name, job] : jobs_) counts.emplace_back(name, job->dropped_count());
    return counts;
  }

  std::vector<std::pair<std::string, uint64_t>> OtherShardsCounts() const {
    std::vector<std::pair<std::string, uint64_t>> counts;
    if (context_.shard.count == 1) return counts;
    for (const auto& [name, job] : jobs_) counts.emplace_back(name, job->other_shards_count());
    return counts;
  }

  Shard shard() const { return context_.shard; }

  ScrapeStats stats() const {
    ScrapeStats stats;
    stats.scrapes_total = context_.scrapes_total;
    stats.scrapes_failed_total = context_.scrapes_failed_total;
    stats.samples_total = context_.writer.samples_total;
    stats.ticks_skipped_total = scheduler_.skipped_total();
    stats.body_bytes_total = context_.body_bytes_total;
    stats.samples_duplicate_total = context_.writer.samples_duplicate_total;
    stats.samples_out_of_bounds_total = context_.writer.samples_out_of_bounds_total;
    stats.samples_out_of_order_total = context_.writer.samples_out_of_order_total;
    stats.refused_for_memory = context_.writer.memory.refusals();
    const LayoutRegistry::Usage usage = context_.writer.layouts.usage();
    stats.layouts = usage.layouts;
    stats.layout_bytes = usage.bytes;
    for (const auto& [name, job] : jobs_) {
      job->ForEach([&](const ScrapeTarget& target) { stats.series += target.series().active(); });
    }
    stats.scrape_seconds = context_.scrape_seconds;
    stats.lateness_seconds = scheduler_.lateness_seconds();
    return stats;
  }

 private:
  using Jobs = std::map<std::string, std::unique_ptr<JobTargets>>;

  // The one that is among `before` is changed.
  void ApplyJob(const ScrapeConfig& job, Jobs& before) {
    auto known = before.extract(job.job_name);
    if (known.empty()) {
      jobs_[job.job_name] = std::make_unique<JobTargets>(context_, scheduler_, job, seed_);
    } else {
      known.mapped()->set_offset_seed(seed_);
      known.mapped()->Update(job);
      jobs_.insert(std::move(known));
    }
  }

  ScrapeContext context_;
  Scheduler scheduler_;
  uint64_t seed_ = 0;
  Jobs jobs_;
};

ScrapeManager::ScrapeManager(EventLoop& loop, const Clock& clock, Append append, Shard shard)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(append), shard)) {}

ScrapeManager::~ScrapeManager() = default;

void ScrapeManager::UseMemory(MemoryBudget& memory) { impl_->UseMemory(memory); }

void ScrapeManager::ReleaseCaches() { impl_->ReleaseCaches(); }

void ScrapeManager::Apply(const Config& config) { impl_->Apply(config); }

void ScrapeManager::Change(const std::vector<ScrapeConfig>& changed,
                           const std::vector<std::string>& gone) {
  impl_->Change(changed, gone);
}

void ScrapeManager::OnTargetGroups(const std::string& job, std::vector<TargetGroup> groups) {
  impl_->OnTargetGroups(job, std::move(groups));
}

void ScrapeManager::ScrapeWhile(std::function<bool()> may_scrape) {
  impl_->ScrapeWhile(std::move(may_scrape));
}

void ScrapeManager::Pause() { impl_->Pause(); }

void ScrapeManager::Resume() { impl_->Resume(); }

bool ScrapeManager::paused() const { return impl_->paused(); }

void ScrapeManager::ForEachTarget(const std::function<void(const TargetStatus&)>& function) const {
  impl_->ForEachTarget(function);
}

void ScrapeManager::ForEachFamilies(const OnTargetFamilies& function) const {
  impl_->ForEachFamilies(function);
}

void ScrapeManager::ForEachDropped(std::string_view job, const ForEachWantedGroup& groups,
                                   const OnDroppedTarget& function) const {
  impl_->ForEachDropped(job, groups, function);
}

void ScrapeManager::Explain(const std::string& job, const TargetGroup& group,
                            const OnExplainedTarget& function) const {
  if (const JobTargets* targets = impl_->Find(job)) targets->Explain(group, function);
}

const ScrapeConfig* ScrapeManager::FindJob(const std::string& job) const {
  const JobTargets* targets = impl_->Find(job);
  return targets == nullptr ? nullptr : &targets->config();
}

std::vector<std::pair<std::string, uint64_t>> ScrapeManager::DroppedCounts() const {
  return impl_->DroppedCounts();
}

std::vector<std::pair<std::string, uint64_t>> ScrapeManager::OtherShardsCounts() const {
  return impl_->OtherShardsCounts();
}

Shard ScrapeManager::shard() const { return impl_->shard(); }

ScrapeStats ScrapeManager::stats() const { return impl_->stats(); }

}  // namespace limpet
