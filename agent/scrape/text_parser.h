// A page in the Prometheus text exposition format 0.0.4 (and 1.0.0's quoted UTF-8 names) or in
// OpenMetrics' (see openmetrics_parser.h), sample by sample and in place.
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
#include "agent/scrape/page_format.h"
#include "agent/scrape/page_gap.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

class TextParser {
 public:
  explicit TextParser(const Page& page)
      : begin_(page.text.data()),
        p_(begin_),
        end_(begin_ + page.text.size()),
        format_(page.format) {}

  // False at the end of the page; sample.gap is then what stood behind the last sample.
  Result<bool> Next(TextSample& sample);
  // Goes on in another place, where a sample begins; `type` is that of the last TYPE line before.
  void MoveTo(size_t offset, MetricType type) {
    p_ = begin_ + offset;
    gap_.type = type;
  }
  // Behind what Next gave.
  size_t offset() const { return static_cast<size_t>(p_ - begin_); }
  // Of the gap before the sample that Next gave.
  const GapReading& gap() const { return gap_; }
  // Lines with metadata are added to `lines` from now on.
  void CollectMetadata(std::vector<MetadataLine>& lines) { gap_.lines = &lines; }

 private:
  const char* NextPrometheus(TextSample& sample);
  const char* NextOpenMetrics(TextSample& sample);
  Error Fail(const char* what) const;
  const char* begin_;
  const char* p_;
  const char* end_;
  PageFormat format_;
  GapReading gap_;
};

// The labels of a sample with its name, escapes resolved and floats normalised; in no particular
// order. An error where a name is empty, not UTF-8, or given twice.
Result<void> DecodeLabels(const TextSample& sample, std::vector<Label>& labels);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TEXT_PARSER_H_
