// A sample of a page in a text format, as it stands there.
//
// Who calls it: the parsers and building layouts. All views point into the page.
#ifndef LIMPET_AGENT_SCRAPE_TEXT_SAMPLE_H_
#define LIMPET_AGENT_SCRAPE_TEXT_SAMPLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/scrape/sample_value.h"
#include "queue/metric_metadata.h"

namespace limpet {

inline constexpr size_t kLabelsPerSampleMax = 1024;

// A label as it stands in the text: without quotes, escapes not yet resolved.
struct RawLabel {
  std::string_view name;
  std::string_view value;
};

// An exemplar as it stands in the text.
struct RawExemplar {
  std::string_view labels;  // between the braces; well formed
  double value = 0;
  int64_t timestamp_ms = 0;
  bool has_timestamp = false;
};

struct TextSample {
  std::string_view gap;     // comments and blanks since the previous sample's line
  std::string_view series;  // all that precedes the value, blanks included
  std::string_view name;    // raw, like the labels
  std::vector<RawLabel> labels;
  // Of the last TYPE line. As in Prometheus it says how `le` and `quantile` are spelled whatever
  // name the line gave.
  MetricType type = MetricType::kUnknown;
  SampleTail tail;
  RawExemplar exemplar;
  bool has_exemplar = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TEXT_SAMPLE_H_
