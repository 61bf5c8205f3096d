// The OpenMetrics text format 0.0.1 and 1.0.0, piece by piece and in place.
//
// Who calls it: the text parser and layout matching; the loop's thread. What it gives points into
// the page.
// Source: Prometheus' OpenMetrics parser, which is strict about blanks (one, where there must be
// one), knows no free comments and no blank lines, and wants "# EOF" at the end with nothing behind
// it. It does not ask for _total on counters, takes an exemplar on any sample, and reads _created
// as an ordinary series. Seconds become milliseconds, cut off. What is not a number in 64 bits
// becomes the nearest one that is.
// Each function moves `p` and gives null, or what is wrong at the place where `p` then stands.
#ifndef LIMPET_AGENT_SCRAPE_OPENMETRICS_PARSER_H_
#define LIMPET_AGENT_SCRAPE_OPENMETRICS_PARSER_H_

#include "agent/scrape/page_gap.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

// Metadata lines, up to the next sample or behind "# EOF" at the page's end.
const char* SkipOpenMetricsGap(const char*& p, const char* end, GapReading& gap);

// The name and labels, and the blank before the value.
const char* ParseOpenMetricsSeries(const char*& p, const char* end, TextSample& sample);

// From the value's first byte to behind the newline.
const char* ParseOpenMetricsTail(const char*& p, const char* end, SampleTail& tail,
                                 RawExemplar& exemplar, bool& has_exemplar);

// The labels of an exemplar or a series, up to and with the closing brace; `name` may be given in
// quotes among them where it is not null.
const char* ParseOpenMetricsLabels(const char*& p, const char* end, std::string_view* name,
                                   std::vector<RawLabel>* labels);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_OPENMETRICS_PARSER_H_
