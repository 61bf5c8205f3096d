// The Prometheus text exposition format 0.0.4 (and 1.0.0's quoted UTF-8 names), in place.
//
// Who calls it: layouts and their tests; the loop's thread. What it gives points into the page.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and what Prometheus 3's
// parser takes beyond it: blanks between all tokens, a missing last newline, trailing commas, raw
// newlines in quotes. Like there, one line that is wrong fails the page: a TYPE that does not
// exist, a label value that is not UTF-8, a sample without a name. Signed timestamps are taken as
// well. Limits: 1024 labels a sample; errors name the line and quote at most 60 bytes of it.
//
//   TextParser parser(page);
//   TextSample sample;
//   for (;;) {
//     Result<bool> more = parser.Next(sample);
//     if (!more) return more.error();      // line 3: expected a value after the series: "up{"
//     if (!*more) break;
//     Use(sample.series, sample.tail.value);
//   }
#ifndef LIMPET_AGENT_SCRAPE_TEXT_PARSER_H_
#define LIMPET_AGENT_SCRAPE_TEXT_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/sample_value.h"
#include "queue/metric_metadata.h"

namespace limpet {

inline constexpr size_t kLabelsPerSampleMax = 1024;

// A label as it stands in the text: without quotes, escapes not yet resolved.
struct RawLabel {
  std::string_view name;
  std::string_view value;
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
};

class TextParser {
 public:
  explicit TextParser(std::string_view page)
      : begin_(page.data()), p_(page.data()), end_(page.data() + page.size()) {}

  // False at the end of the page; sample.gap is then what stood behind the last sample.
  Result<bool> Next(TextSample& sample);

 private:
  Error Fail(const char* what) const;
  const char* begin_;
  const char* p_;
  const char* end_;
  MetricType type_ = MetricType::kUnknown;
};

// Skips comments, blank lines and leading blanks up to the next sample or the end; a TYPE line sets
// `type`. Null, or what is wrong at the place where `p` then stands.
const char* SkipGap(const char*& p, const char* end, MetricType& type);

// The labels of a sample with its name, escapes resolved and floats normalised; in no particular
// order. An error where a name is empty, not UTF-8, or given twice.
Result<void> DecodeLabels(const TextSample& sample, std::vector<Label>& labels);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TEXT_PARSER_H_
