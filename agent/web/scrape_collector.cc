#include <array>
#include <map>
#include <string>

#include "agent/web/collectors.h"
#include "agent/web/target_text.h"

namespace limpet {
namespace {

constexpr std::array kHealths = {TargetHealth::kUp, TargetHealth::kDown, TargetHealth::kUnknown};

void CollectTargets(const WebSources& sources, MetricFamilies& families) {
  std::map<std::string, std::map<TargetHealth, uint64_t>, std::less<>> jobs;
  sources.for_each_target([&](const TargetStatus& target) {
    const auto found = jobs.find(target.job);
    auto& counts = found == jobs.end() ? jobs[target.job] : found->second;
    ++counts[target.health];
  });
  auto& targets =
      families.Gauge("limpet_targets", "Active targets by the result of their last scrape.");
  for (auto& [job, counts] : jobs) {
    for (const TargetHealth health : kHealths) {
      AddSample(targets, {{"job", job}, {"health", HealthText(health)}}, counts[health]);
    }
  }
  auto& dropped =
      families.Gauge("limpet_targets_dropped", "Discovered targets that relabelling dropped.");
  for (const auto& [job, count] : sources.dropped_counts()) {
    AddSample(dropped, {{"job", job}}, count);
  }
  auto& others = families.Gauge("limpet_targets_other_shards", "Targets that other shards scrape.");
  for (const auto& [job, count] : sources.other_shards_counts()) {
    AddSample(others, {{"job", job}}, count);
  }
  const Shard shard = sources.shard();
  families.Gauge("limpet_shards", "Shards that divide the targets among themselves.", shard.count);
  families.Gauge("limpet_shard", "Which of them this is, from 0.", shard.index);
}

}  // namespace

void CollectScrape(const WebSources& sources, MetricFamilies& families) {
  CollectTargets(sources, families);
  const ScrapeStats stats = sources.scrape();
  families.Counter("limpet_scrapes_total", "Scrapes that ended, well or not.", stats.scrapes_total);
  families.Counter("limpet_scrapes_failed_total", "Scrapes that ended in an error.",
                   stats.scrapes_failed_total);
  auto& shed = families.Counter("limpet_memory_shed_scrapes_total",
                                "Scrapes that failed for want of memory, by what was refused.");
  AddSample(shed, {{"reason", "new_target"}}, stats.refused_for_memory.new_targets_total);
  AddSample(shed, {{"reason", "new_page"}}, stats.refused_for_memory.new_pages_total);
  AddSample(shed, {{"reason", "no_scrapes"}}, stats.refused_for_memory.scrapes_total);
  families.Counter("limpet_scrape_ticks_skipped_total",
                   "Times at which a target was due and its last scrape was still under way.",
                   stats.ticks_skipped_total);
  families.Counter("limpet_scrape_samples_appended_total",
                   "Samples written to the log, report series and staleness markers included.",
                   stats.samples_total);
  families.Counter("limpet_scrape_samples_duplicate_total",
                   "Samples left out because the same page had their series before.",
                   stats.samples_duplicate_total);
  families.Counter("limpet_scrape_samples_out_of_bounds_total",
                   "Samples left out because their own timestamps were too far in the future.",
                   stats.samples_out_of_bounds_total);
  families.Counter("limpet_scrape_samples_out_of_order_total",
                   "Samples left out because their own timestamps were not newer than before.",
                   stats.samples_out_of_order_total);
  families.Counter("limpet_scrape_body_bytes_total", "Bytes of page bodies as received.",
                   stats.body_bytes_total);
  families.Gauge("limpet_scrape_series", "Series of active targets.", stats.series);
  families.Gauge("limpet_scrape_layouts", "Distinct page layouts in memory.", stats.layouts);
  families.Gauge("limpet_scrape_layout_bytes", "Memory that page layouts take.",
                 stats.layout_bytes);
  AddHistogram(families.HistogramFamily("limpet_scrape_duration_seconds",
                                        "From the request to the parsed page."),
               {}, stats.scrape_seconds);
  AddHistogram(families.HistogramFamily("limpet_scrape_lateness_seconds",
                                        "From when a scrape was due to when it began."),
               {}, stats.lateness_seconds);
}

}  // namespace limpet
