// Reads pages of both text formats, the slow and obvious way: a character at a time, a string for
// everything. The product's parsers are held against it.
//
// Who calls it: the tests and the fuzzer of the parsers; any thread. It shares no code with the
// product but the check for UTF-8.
// Source: the formats' rules as Prometheus 3 has them, see agent/scrape/text_parser.h and
// openmetrics_parser.h.
#ifndef LIMPET_TESTS_SCRAPE_PLAIN_EXPOSITION_H_
#define LIMPET_TESTS_SCRAPE_PLAIN_EXPOSITION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet {

using PlainLabels = std::vector<std::pair<std::string, std::string>>;

struct PlainExemplar {
  PlainLabels labels;  // as they stand there
  double value = 0;
  std::optional<int64_t> timestamp_ms;
};

struct PlainSample {
  PlainLabels labels;  // in order of name, with __name__; empty values included
  double value = 0;
  std::optional<int64_t> timestamp_ms;
  std::optional<PlainExemplar> exemplar;
};

struct PlainPage {
  bool good = true;
  std::vector<PlainSample> samples;  // up to where the page breaks
};

PlainPage ReadPlainText(std::string_view page);
PlainPage ReadPlainOpenMetrics(std::string_view page);

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_PLAIN_EXPOSITION_H_
