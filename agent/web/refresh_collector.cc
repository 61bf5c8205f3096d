#include <algorithm>
#include <map>
#include <utility>

#include "agent/web/collectors.h"

namespace limpet {
namespace {

// Entries that differ in their client settings or interval alone have the same labels here, so they
// are added up: two samples with the same labels would make the whole page invalid.
std::map<std::pair<RefreshKind, std::string>, RefreshStatus> Summed(
    const std::vector<RefreshStatus>& statuses) {
  std::map<std::pair<RefreshKind, std::string>, RefreshStatus> sums;
  for (const RefreshStatus& status : statuses) {
    const auto [sum, is_first] = sums.try_emplace({status.kind, status.origin}, status);
    if (is_first) continue;
    sum->second.files += status.files;
    sum->second.files_broken += status.files_broken;
    sum->second.targets += status.targets;
    sum->second.reads_total += status.reads_total;
    sum->second.failures_total += status.failures_total;
    sum->second.last_success_ms = std::min(sum->second.last_success_ms, status.last_success_ms);
    sum->second.last_latency_ms = std::max(sum->second.last_latency_ms, status.last_latency_ms);
  }
  return sums;
}

}  // namespace

void CollectRefreshes(const WebSources& sources, MetricFamilies& families) {
  auto& files = families.Gauge("limpet_sd_file_files", "Files of targets found.");
  auto& broken = families.Gauge("limpet_sd_file_files_broken",
                                "Files that cannot be used; what they said before still holds.");
  auto& file_targets = families.Gauge("limpet_sd_file_targets", "Targets in files.");
  auto& reads = families.Counter("limpet_sd_file_reads_total", "Files read.");
  auto& errors = families.Counter("limpet_sd_file_read_errors_total",
                                  "Files that could not be read or understood.");
  auto& http_targets = families.Gauge("limpet_sd_http_targets", "Targets in the last good answer.");
  auto& requests = families.Counter("limpet_sd_http_requests_total", "Requests for targets.");
  auto& failures =
      families.Counter("limpet_sd_http_failures_total", "Requests without a good answer.");
  auto& latency = families.Gauge("limpet_sd_http_last_request_duration_seconds",
                                 "Of the last request with a good answer.");
  auto& success = families.Gauge("limpet_sd_http_last_success_timestamp_seconds",
                                 "When the last good answer came; 0: none yet.");
  for (const auto& [key, status] : Summed(sources.refreshes())) {
    if (status.kind == RefreshKind::kFile) {
      const MetricLabels labels = {{"files", status.origin}};
      AddSample(files, labels, status.files);
      AddSample(broken, labels, status.files_broken);
      AddSample(file_targets, labels, status.targets);
      AddSample(reads, labels, status.reads_total);
      AddSample(errors, labels, status.failures_total);
      continue;
    }
    const MetricLabels labels = {{"url", status.origin}};
    AddSample(http_targets, labels, status.targets);
    AddSample(requests, labels, status.reads_total);
    AddSample(failures, labels, status.failures_total);
    AddSample(latency, labels, static_cast<double>(status.last_latency_ms) / 1000);
    AddSample(success, labels, static_cast<double>(status.last_success_ms) / 1000);
  }
}

}  // namespace limpet
