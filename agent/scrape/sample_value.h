// Numbers of the text exposition format: sample values, timestamps and the values of `le` and
// `quantile`.
//
// Who calls it: the text parser and layout matching; any thread, nothing is kept or allocated.
// Source: Go's strconv.ParseFloat without hexadecimal and underscores, as Prometheus' text parser
// takes it; digits alone for timestamps (ms). Every NaN becomes kNormalNanBits, so that a target
// cannot send a staleness marker. Too large a number is an error, too small a one is zero, as in
// Go.
//
//   double value;
//   const char* rest = ParseSampleValue(p, end, value);   // nullptr: not a number
#ifndef LIMPET_AGENT_SCRAPE_SAMPLE_VALUE_H_
#define LIMPET_AGENT_SCRAPE_SAMPLE_VALUE_H_

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "queue/scrape_view.h"

namespace limpet {

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// Reads one float token at `p`; returns what is behind it (a blank, a newline or `end`), or nullptr
// where the token is not a float.
const char* ParseSampleValue(const char* p, const char* end, double& value);

// Reads one whole number without a sign; the same contract.
const char* ParseSampleTimestamp(const char* p, const char* end, int64_t& timestamp_ms);

// The number itself, or kNormalNanBits for any NaN.
inline double WithoutStaleNan(double value) {
  return value == value ? value : std::bit_cast<double>(kNormalNanBits);
}

// What is behind a series: value, optional timestamp, end of line.
struct SampleTail {
  double value = 0;
  int64_t timestamp_ms = 0;
  bool has_timestamp = false;
};

enum class TailError { kNone, kValue, kTimestamp, kTrailing };

// Reads from the value's first byte to behind the newline (or to `end`) and moves `p` there; on an
// error `p` stays at what could not be read.
inline TailError ParseSampleTail(const char*& p, const char* end, SampleTail& tail) {
  const char* q = ParseSampleValue(p, end, tail.value);
  if (q == nullptr) return TailError::kValue;
  tail.has_timestamp = false;
  if (q != end && *q != '\n') {
    while (q != end && IsBlank(*q)) ++q;
    if (q != end && *q != '\n') {
      p = q;
      q = ParseSampleTimestamp(q, end, tail.timestamp_ms);
      if (q == nullptr) return TailError::kTimestamp;
      tail.has_timestamp = true;
      while (q != end && IsBlank(*q)) ++q;
      if (q != end && *q != '\n') {
        p = q;
        return TailError::kTrailing;
      }
    }
  }
  p = q == end ? end : q + 1;
  return TailError::kNone;
}

// The value of a histogram's `le` or a summary's `quantile` in OpenMetrics' spelling ("1" -> "1.0",
// "1e6" -> "1e+06"); what is no number stays as it is. Prometheus 3 does this so that a series
// keeps its name whatever format it was scraped in.
std::string NormalizedFloatLabel(std::string_view text);
// The same spelling of a number.
std::string FloatLabel(double number);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SAMPLE_VALUE_H_
