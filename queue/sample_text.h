// Series and values as text for people and tools: Prometheus' notation, nothing rounded.
//
// Who calls it: `limpet log dump`; any thread.
// What came from outside may hold anything. For a terminal, whatever could steer it (control
// characters, bytes that are no UTF-8, characters that turn the writing direction) comes out as an
// escape; for OpenMetrics the bytes stay and only \, " and the line's end are escaped, since that
// is all its readers know.
//
//   up{instance="10.0.0.7:9100",job="node"}      {"strange.name","a b"="c"}
#ifndef LIMPET_QUEUE_SAMPLE_TEXT_H_
#define LIMPET_QUEUE_SAMPLE_TEXT_H_

#include <string>
#include <string_view>

#include "agent/relabel/labels.h"

namespace limpet {

enum class TextReader { kTerminal, kOpenMetrics };

void AppendSeries(const Labels& labels, TextReader reader, std::string& out);

// The shortest decimal that reads back as the same double; NaN, +Inf, -Inf; "stale" for the
// staleness marker, NaN(0x7ff8...) for a NaN that is neither that nor the usual one.
void AppendSampleValue(double value, std::string& out);

// Text that is not in quotes, such as a file's name.
std::string ForTerminal(std::string_view text);
// JSON, in which such characters can only be inside strings.
std::string JsonForTerminal(std::string_view json);

}  // namespace limpet

#endif  // LIMPET_QUEUE_SAMPLE_TEXT_H_
