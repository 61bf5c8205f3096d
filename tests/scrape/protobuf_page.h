// Pages in protobuf made of generated messages, and what reading them gives, as text.
//
// Used by the tests of scraping.
#ifndef LIMPET_TESTS_SCRAPE_PROTOBUF_PAGE_H_
#define LIMPET_TESTS_SCRAPE_PROTOBUF_PAGE_H_

#include <span>
#include <string>
#include <string_view>

#include "agent/scrape/histogram_settings.h"
#include "agent/scrape/metrics.pb.h"
#include "agent/scrape/page_format.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

inline Page ProtobufPage(std::string_view bytes) { return Page(bytes, PageFormat::kProtobuf); }

// One message behind its length.
std::string Delimited(std::string_view message);
std::string Delimited(const metrics::MetricFamily& family);

metrics::MetricFamily Family(const std::string& name, metrics::MetricType type);
void AddLabel(const std::string& name, const std::string& value, metrics::Metric& metric);
// timestamp_ms 0: none.
void SetExemplar(const std::string& label, double value, int64_t timestamp_ms,
                 metrics::Exemplar& exemplar);

// A sample a line: "{labels} value@timestamp # {exemplar's labels} value@timestamp", a native
// histogram in place of the value; or what is wrong with the page.
std::string ProtobufSamples(std::string_view page, const HistogramSettings& settings = {});
// The same of a page in any format.
std::string PageSamples(const Page& page, const HistogramSettings& settings = {});

// A Histogram of remote_write_v2.proto: "count=3 sum=1 schema=0 +[0:1 2] gauge", buckets by index
// of each span's first one.
std::string HistogramText(std::string_view message);
std::string ExemplarText(const RawExemplar& exemplar, PageFormat format);

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_PROTOBUF_PAGE_H_
