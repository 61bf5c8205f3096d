// What an exposition says of a metric family: TYPE, HELP and UNIT.
//
// Who calls it: scrape/ makes tables, the log keeps them in a segment's dictionary, the senders
// read them; any thread (immutable once shared). A table is shared by all blocks that say the same
// of the same families, so that help texts are in memory once. Its first entry is the empty one,
// which stands for "nothing known". Limits: 65536 entries; families beyond that go without. Source:
// the numbers of MetricType are those of io.prometheus.write.v2.Metadata.MetricType.
#ifndef LIMPET_QUEUE_METRIC_METADATA_H_
#define LIMPET_QUEUE_METRIC_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace limpet {

enum class MetricType : uint8_t {
  kUnknown = 0,
  kCounter = 1,
  kGauge = 2,
  kHistogram = 3,
  kGaugeHistogram = 4,
  kSummary = 5,
  kInfo = 6,
  kStateset = 7,
};

// As OpenMetrics spells it.
constexpr std::string_view MetricTypeName(MetricType type) {
  constexpr std::string_view kNames[] = {"unknown",        "counter", "gauge", "histogram",
                                         "gaugehistogram", "summary", "info",  "stateset"};
  const auto i = static_cast<size_t>(type);
  return i < std::size(kNames) ? kNames[i] : kNames[0];
}

struct MetricMetadata {
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::string unit;
  friend bool operator==(const MetricMetadata&, const MetricMetadata&) = default;
};

using MetadataTable = std::vector<MetricMetadata>;
inline constexpr uint16_t kNoMetadata = 0;

inline const MetricMetadata& NoMetadata() {
  static const MetricMetadata none;
  return none;
}

}  // namespace limpet

#endif  // LIMPET_QUEUE_METRIC_METADATA_H_
