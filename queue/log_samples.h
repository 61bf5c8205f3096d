// Picks samples out of a log: by segment, by series, by time.
//
// Who calls it: `limpet log dump`; any thread. Reads block; as with InspectLog nothing is changed
// and the log may be in use.
// Order: that of the log, which is in time for each series and mixes series.
// Limits: those of InspectSegment, and with matchers a bit for each series of a segment.
#ifndef LIMPET_QUEUE_LOG_SAMPLES_H_
#define LIMPET_QUEUE_LOG_SAMPLES_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/platform/file_system.h"
#include "agent/platform/result.h"
#include "queue/log_inspect_segment.h"
#include "queue/series_matcher.h"

namespace limpet {

struct SampleSelection {
  std::optional<uint64_t> segment;      // none: all
  std::vector<SeriesMatcher> matchers;  // one that matches is enough; none: every series
  // Of the sample, both inclusive.
  int64_t from_ms = std::numeric_limits<int64_t>::min();
  int64_t to_ms = std::numeric_limits<int64_t>::max();
};

// Good during the call.
struct SelectedSample {
  const Labels& labels;
  int64_t timestamp_ms;
  double value;
  std::string_view histogram = {};  // its message, see ScrapeView; the value is its sum
  std::vector<ExemplarSample> exemplars = {};
};

struct SampleReceiver {
  std::function<bool(const SelectedSample&)> sample;  // false: enough
  std::function<void(const LogDamage&)> damage;
};

// Fails where there is no log, or not that segment.
Result<void> SelectSamples(FileSystem& files, const std::string& directory,
                           const SampleSelection& selection, const std::function<void()>& wait,
                           const SampleReceiver& receiver);

// The labels that a receiver gets for one series of a scrape.
Labels DeliveredLabels(const ScrapeView& scrape, size_t series);

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_SAMPLES_H_
