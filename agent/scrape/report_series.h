// The series that every scrape has besides the page's.
//
// Who calls it: building layouts and writing scrapes. They are last in a layout's block, in this
// order; the ones from kTimeoutSeconds on only with extra_scrape_metrics. Source: Prometheus'
// scrape loop.
#ifndef LIMPET_AGENT_SCRAPE_REPORT_SERIES_H_
#define LIMPET_AGENT_SCRAPE_REPORT_SERIES_H_

#include <cstddef>
#include <string_view>

namespace limpet {

enum class ReportSeries : size_t {
  kUp,
  kDurationSeconds,
  kSamplesScraped,
  kSamplesPostMetricRelabeling,
  kSeriesAdded,
  kTimeoutSeconds,
  kSampleLimit,
  kBodySizeBytes,
};

struct ReportSeriesText {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
};

inline constexpr size_t kReportSeriesCount = 5;
inline constexpr size_t kExtraReportSeriesCount = 8;  // with the extra ones
inline constexpr ReportSeriesText kReportSeries[kExtraReportSeriesCount] = {
    {"up", "1 where the target was scraped, 0 where that failed.", "targets"},
    {"scrape_duration_seconds", "How long the scrape took.", "seconds"},
    {"scrape_samples_scraped", "Samples that the target exposed.", "samples"},
    {"scrape_samples_post_metric_relabeling", "Samples left after metric_relabel_configs.",
     "samples"},
    {"scrape_series_added", "Series that the scrape before did not have.", "series"},
    {"scrape_timeout_seconds", "The target's scrape_timeout.", "seconds"},
    {"scrape_sample_limit", "The target's sample_limit, 0 where there is none.", "samples"},
    {"scrape_body_size_bytes",
     "Size of the page, not compressed; -1 where it was over body_size_limit.", "bytes"},
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_REPORT_SERIES_H_
