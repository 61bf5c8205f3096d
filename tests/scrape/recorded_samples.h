// What a receiver would get of the records that scraping appends: labels put together, sample by
// sample.
//
// Used by the tests of scraping; one thread. Staleness markers are shown as "stale".
#ifndef LIMPET_TESTS_SCRAPE_RECORDED_SAMPLES_H_
#define LIMPET_TESTS_SCRAPE_RECORDED_SAMPLES_H_

#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "queue/scrape_view.h"

namespace limpet {

struct RecordedSample {
  Labels labels;
  double value = 0;
  int64_t timestamp_ms = 0;
};

// The delivered labels of one series of a record.
inline Labels DeliveredLabels(const ScrapeView& view, size_t series) {
  LabelsBuilder labels(view.target->labels);
  view.layout->ForEachLabel(
      series, [&](std::string_view name, std::string_view value) { labels.Set(name, value); });
  return labels.Build();
}

class RecordedSamples {
 public:
  void Append(const ScrapeView& view) {
    ++records;
    layout_ids.insert(view.layout->id());
    for (size_t i = 0; i < view.values.size(); ++i) {
      const size_t series = view.series.empty() ? i : view.series[i];
      const int64_t timestamp = view.timestamps.empty() ? view.timestamp_ms : view.timestamps[i];
      samples.push_back({DeliveredLabels(view, series), view.values[i], timestamp});
    }
  }

  // "LABELS VALUE@TIMESTAMP" of every sample since the last call, in order of labels; report series
  // only with `reports`, the duration never.
  std::vector<std::string> Take(bool reports = false) {
    std::multimap<std::string, std::string> lines;
    for (const RecordedSample& sample : samples) {
      const std::string_view name = sample.labels.Get("__name__");
      if (name == "scrape_duration_seconds") continue;
      if (!reports && (name == "up" || name.starts_with("scrape_"))) continue;
      std::ostringstream value;
      if (IsStaleNan(sample.value)) {
        value << "stale";
      } else {
        value << sample.value;
      }
      lines.emplace(sample.labels.ToString(),
                    value.str() + "@" + std::to_string(sample.timestamp_ms));
    }
    samples.clear();
    std::vector<std::string> out;
    for (const auto& [labels, value] : lines) out.push_back(labels + " " + value);
    return out;
  }

  // The newest value of a series by its name alone.
  double Last(std::string_view name) const {
    double value = -1;
    for (const RecordedSample& sample : samples) {
      if (sample.labels.Get("__name__") == name) value = sample.value;
    }
    return value;
  }

  std::vector<RecordedSample> samples;
  size_t records = 0;
  std::set<uint64_t> layout_ids;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_RECORDED_SAMPLES_H_
