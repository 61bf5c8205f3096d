#include "agent/scrape/scrape_answer.h"

#include <doctest/doctest.h>

namespace limpet {
namespace {

TEST_CASE("the Accept header is Prometheus'") {
  CHECK(AcceptHeader(DefaultScrapeProtocols()) ==
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
        "*/*;q=0.2");
  CHECK(AcceptHeader(DefaultScrapeProtocols(true)) ==
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
        "encoding=delimited;q=0.6,"
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        "application/openmetrics-text;version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
        "*/*;q=0.1");
  CHECK(AcceptHeader({ScrapeProtocol::kPrometheusText0_0_4}) ==
        "text/plain;version=0.0.4;q=0.6,*/*;q=0.5");
}

std::string Format(std::string_view content_type,
                   std::optional<ScrapeProtocol> fallback = std::nullopt) {
  const auto format = FormatOf(content_type, fallback);
  if (!format) return format.error().message;
  if (*format == PageFormat::kProtobuf) return "protobuf";
  return *format == PageFormat::kOpenMetricsText ? "openmetrics" : "text";
}

TEST_CASE("the media type says which format a page has") {
  CHECK(Format("text/plain") == "text");
  CHECK(Format(" Text/Plain ; version=0.0.4; charset=utf-8") == "text");
  CHECK(Format("text/plain;") == "text");
  CHECK(Format("text/plain; version=\"a;\\\"b\"; x=y;") == "text");
  CHECK(Format("application/openmetrics-text; version=1.0.0; escaping=allow-utf-8") ==
        "openmetrics");
  CHECK(Format("application/openmetrics-text;version=7") == "openmetrics");
  CHECK(Format("application/vnd.google.protobuf; proto=x") == "protobuf");
}

TEST_CASE("what is not known takes the fallback, or fails") {
  for (const char* type :
       {"", "text/html", "text", "text/plain; version", "text/plain; =1", "text/plain; a=1; A=2",
        "text/plain; a=\"1", "te xt/plain", "text/plain; a=b c", "text/plain x"}) {
    CAPTURE(type);
    CHECK(Format(type).find("there is no fallback_scrape_protocol") != std::string::npos);
    CHECK(Format(type, ScrapeProtocol::kPrometheusText0_0_4) == "text");
    CHECK(Format(type, ScrapeProtocol::kOpenMetricsText0_0_1) == "openmetrics");
    CHECK(Format(type, ScrapeProtocol::kPrometheusProto) == "protobuf");
  }
  CHECK(Format("text/plain", ScrapeProtocol::kOpenMetricsText1_0_0) == "text");
}

}  // namespace
}  // namespace limpet
