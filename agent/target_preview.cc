#include "agent/target_preview.h"

#include <algorithm>
#include <unordered_set>

namespace limpet {
namespace {

void PreviewGroup(const ScrapeConfig& job, const TargetGroup& group, Shard shard,
                  std::unordered_set<uint64_t>& seen, TargetPreview& preview) {
  for (const Labels& target : group.targets) {
    Labels discovered = DiscoveredLabels(job, group.labels, target);
    auto spec = MakeTarget(job, discovered);
    if (!spec) {
      std::string address(discovered.Get("__address__"));
      preview.left_out.push_back({job.job_name, std::move(address), spec.error().message});
    } else if (!*spec) {
      if (++preview.dropped_counts.back().second > job.dropped_targets_shown()) continue;
      preview.dropped.push_back({job.job_name, std::move(discovered)});
    } else if (!seen.insert((*spec)->identity).second) {
      continue;
    } else if (!shard.Owns((*spec)->identity)) {
      ++preview.other_shards;
    } else {
      preview.targets.push_back({job.job_name, std::move(discovered), std::move(**spec)});
    }
  }
}

}  // namespace

void FoundGroups::Take(const std::string& job, std::vector<TargetGroup> groups) {
  for (TargetGroup& group : groups) {
    if (group.targets.empty()) {
      groups_[job].erase(group.source);
    } else {
      std::string source = group.source;
      groups_[job].insert_or_assign(std::move(source), std::move(group));
    }
  }
}

TargetPreview FoundGroups::Preview(const std::vector<ScrapeConfig>& jobs, Shard shard) const {
  TargetPreview preview;
  for (const ScrapeConfig& job : jobs) {
    preview.dropped_counts.emplace_back(job.job_name, 0);
    const size_t first = preview.targets.size();
    std::unordered_set<uint64_t> seen;
    const auto found = groups_.find(job.job_name);
    if (found == groups_.end()) continue;
    for (const auto& [source, group] : found->second)
      PreviewGroup(job, group, shard, seen, preview);
    std::sort(preview.targets.begin() + static_cast<std::ptrdiff_t>(first), preview.targets.end(),
              [](const PreviewedTarget& a, const PreviewedTarget& b) {
                const std::string url_a = a.spec.url.ToString();
                const std::string url_b = b.spec.url.ToString();
                return url_a != url_b ? url_a < url_b : a.spec.labels < b.spec.labels;
              });
    const uint64_t count = preview.targets.size() - first;
    if (job.target_limit != 0 && count > job.target_limit) {
      preview.refusals.push_back("job " + job.job_name + ": none is scraped, target_limit is " +
                                 std::to_string(job.target_limit) + " and there are " +
                                 std::to_string(count) + " targets");
    }
  }
  return preview;
}

}  // namespace limpet
