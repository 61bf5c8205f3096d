#include "agent/scrape/openmetrics_parser.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "agent/scrape/exemplar.h"
#include "agent/scrape/layout_registry.h"
#include "agent/scrape/text_parser.h"

namespace limpet {
namespace {

using namespace std::string_literals;

Page OpenMetrics(std::string_view text) { return {text, PageFormat::kOpenMetricsText}; }

// "LABELS VALUE[@TIMESTAMP][ # EXEMPLAR]" of each sample, or what is wrong.
std::string Samples(std::string_view text) {
  std::string out;
  TextParser parser(OpenMetrics(text));
  TextSample sample;
  for (;;) {
    Result<bool> more = parser.Next(sample);
    if (!more) return "error: " + more.error().message;
    if (!*more) return out;
    std::vector<Label> labels;
    if (auto decoded = DecodeLabels(sample, labels); !decoded) return decoded.error().message;
    char value[64];
    std::snprintf(value, sizeof value, " %g", sample.tail.value);
    out += Labels(labels).ToString() + value;
    if (sample.tail.has_timestamp) out += "@" + std::to_string(sample.tail.timestamp_ms);
    if (sample.has_exemplar) {
      std::snprintf(value, sizeof value, "} %g", sample.exemplar.value);
      out += " # {" + std::string(sample.exemplar.labels) + value;
      if (sample.exemplar.has_timestamp) out += "@" + std::to_string(sample.exemplar.timestamp_ms);
    }
    out += "\n";
  }
}

TEST_CASE("a page with all that OpenMetrics has") {
  CHECK(Samples("# HELP go_gc_seconds A \\\"summary\\\".\n"
                "# TYPE go_gc_seconds summary\n"
                "# UNIT go_gc_seconds seconds\n"
                "go_gc_seconds{quantile=\"0\"} 4.9e-05\n"
                "go_gc_seconds_count 5 1520879607.789\n"
                "go_gc_seconds_created 1520872607.123\n"
                "# TYPE h histogram\n"
                "h_bucket{le=\"1\"} 1 # {trace_id=\"x,y}\",b=\"\"} 0.67 1.5\n"
                "h_bucket{le=\"+Inf\",} 1 7.25 # {} 2\n"
                "# HELP a \n"
                "# TYPE a counter\n"
                "a_total 17\n"
                "a_total{b=\"\\\\ \\n \\\"\"} NaN -0.5\n"
                "{\"utf.8\",\"l.x\"=\"v\"} -Inf\n"
                "without{} 1e3\n"
                "# EOF\n") ==
        R"({__name__="go_gc_seconds", quantile="0.0"} 4.9e-05)"
        "\n"
        R"({__name__="go_gc_seconds_count"} 5@1520879607789)"
        "\n"
        R"({__name__="go_gc_seconds_created"} 1.52087e+09)"
        "\n"
        R"({__name__="h_bucket", le="1.0"} 1 # {trace_id="x,y}",b=""} 0.67@1500)"
        "\n"
        R"({__name__="h_bucket", le="+Inf"} 1@7250 # {} 2)"
        "\n"
        R"({__name__="a_total"} 17)"
        "\n"
        R"({__name__="a_total", b="\\ \n \""} nan@-500)"
        "\n"
        R"({__name__="utf.8", "l.x"="v"} -inf)"
        "\n"
        R"({__name__="without"} 1000)"
        "\n");
  CHECK(Samples("# EOF") == "");
  CHECK(Samples("a{b=\"\0\"} 1\n# EOF\n"s) != "");
}

TEST_CASE("every type of OpenMetrics is known, and only those") {
  for (const char* type : {"counter", "gauge", "histogram", "gaugehistogram", "summary", "info",
                           "stateset", "unknown"}) {
    CAPTURE(type);
    CHECK(Samples("# TYPE a "s + type + "\n# EOF\n") == "");
  }
  for (const char* type : {"untyped", "", "counter ", "Counter"}) {
    CAPTURE(type);
    CHECK(Samples("# TYPE a "s + type + "\n# EOF\n").starts_with("error: line 1: invalid metric"));
  }
}

TEST_CASE("a page with anything else is refused") {
  const std::string pages[] = {
      "",
      "\n",
      "a 1\n",
      "a 1\n# EO",
      "a 1",
      "a 1\n\n# EOF\n",
      "a 1\n# a comment\n# EOF\n",
      "#EOF\n",
      "# EOF\n\n",
      "# EOF\na 1\n",
      "# EOFx",
      " a 1\n# EOF\n",
      "a  1\n# EOF\n",
      "a\t1\n# EOF\n",
      "a 1 \n# EOF\n",
      "a 1\t\n# EOF\n",
      "a 1  5\n# EOF\n",
      "a 1 5 \n# EOF\n",
      "a 1 5 6\n# EOF\n",
      "a 1 NaN\n# EOF\n",
      "a 1 +Inf\n# EOF\n",
      "a 1 x\n# EOF\n",
      "a 0x10\n# EOF\n",
      "a 1_0\n# EOF\n",
      "a\n# EOF\n",
      "a{b=\"c\"}1\n# EOF\n",
      "a {b=\"c\"} 1\n# EOF\n",
      "a{b=\"c\" } 1\n# EOF\n",
      "a{ b=\"c\"} 1\n# EOF\n",
      "a{b = \"c\"} 1\n# EOF\n",
      "a{b=\"c\"d=\"e\"} 1\n# EOF\n",
      "a{b=\"c\",,} 1\n# EOF\n",
      "a{,} 1\n# EOF\n",
      "a{b=\"c\nd\"} 1\n# EOF\n",
      "a{b=\"\xff\"} 1\n# EOF\n",
      "a{b=\"c\n# EOF\n",
      "a{1b=\"c\"} 1\n# EOF\n",
      "a{\"b\"} 1\n# EOF\n",
      "{\"a\",\"b\"} 1\n# EOF\n",
      "{\"\"} 1\n# EOF\n",
      "{b=\"c\"} 1\n# EOF\n",
      "{} 1\n# EOF\n",
      "{\"a\0\"} 1\n# EOF\n"s,
      "# HELP a\n# EOF\n",
      "# HELP  a b\n# EOF\n",
      "#  HELP a b\n# EOF\n",
      "# HELP a \xff\n# EOF\n",
      "# HELP a b",
      "# HELP 1 b\n# EOF\n",
      "# NOTE a b\n# EOF\n",
      "# UNIT a seconds\n# EOF\n",
      "# UNIT aseconds seconds\n# EOF\n",
      "# UNIT seconds seconds\n# EOF\n",
      "a 1 # {b=\"c\"}\n# EOF\n",
      "a 1 # {b=\"c\"} \n# EOF\n",
      "a 1 # {b=\"c\"} x\n# EOF\n",
      "a 1 # {b=\"c\"} 1 NaN\n# EOF\n",
      "a 1 # {b=\"c\"} 1 2 3\n# EOF\n",
      "a 1 # {b=\"c\"} 1 2 # {} 1\n# EOF\n",
      "a 1 # {\"b\"} 1\n# EOF\n",
      "a 1 # {b} 1\n# EOF\n",
      "a 1 #{b=\"c\"} 1\n# EOF\n",
      "a 1 # b\n# EOF\n",
      "a 1# {} 1\n# EOF\n",
      "a 1 # {b=\"\0\"} 1\n# EOF\n"s,
      "a 1 # {b=\"\xff\"} 1\n# EOF\n",
      "a 1 # {} 1",
  };
  for (const std::string& page : pages) {
    CAPTURE(page);
    CHECK(Samples(page).starts_with("error: line "));
  }
}

TEST_CASE("units end the name, an empty one is none") {
  CHECK(Samples("# UNIT a_seconds seconds\n# UNIT b \n# UNIT \"c.d_bytes\" bytes\n# EOF\n") == "");
}

TEST_CASE("a timestamp that no 64 bits hold is the nearest one") {
  CHECK(Samples("a 1 1e300\n# EOF\n") == "{__name__=\"a\"} 1@" + std::to_string(INT64_MAX) + "\n");
  CHECK(Samples("a 1 -1e300\n# EOF\n") ==
        "{__name__=\"a\"} 1@" + std::to_string(-INT64_MAX) + "\n");
  CHECK(Samples("a 1 0.0019\n# EOF\n") == "{__name__=\"a\"} 1@1\n");
}

TEST_CASE("exemplars have labels of a bounded length, each name once") {
  RawExemplar exemplar;
  exemplar.labels = "trace_id=\"b\",a=\"x\\\"y\"";
  auto labels = ExemplarLabels(exemplar, PageFormat::kOpenMetricsText);
  REQUIRE(labels.has_value());
  CHECK(*labels == std::vector<Label>{{"a", "x\\\"y"}, {"trace_id", "b"}});
  exemplar.labels = "a=\"1\",a=\"2\"";
  CHECK_FALSE(ExemplarLabels(exemplar, PageFormat::kOpenMetricsText).has_value());
  std::string fits = "a=\"";
  for (int i = 0; i < 127; ++i) fits += "\xc3\xa9";  // two bytes, one character
  const std::string whole = fits + "\"";
  exemplar.labels = whole;
  CHECK(ExemplarLabels(exemplar, PageFormat::kOpenMetricsText).has_value());
  const std::string over = fits + "x\"";
  exemplar.labels = over;
  CHECK_FALSE(ExemplarLabels(exemplar, PageFormat::kOpenMetricsText).has_value());
  exemplar.labels = "";
  CHECK(ExemplarLabels(exemplar, PageFormat::kOpenMetricsText)->empty());
}

TEST_CASE("a steady scrape goes through the layout, exemplars come along") {
  const auto scope = NewLayoutScope(false, true, std::make_shared<const std::vector<RelabelRule>>(),
                                    Labels{{"job", "j"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const std::string first =
      "# TYPE a counter\n# UNIT a_s s\na_total 1 # {id=\"x\"} 0.5\nb 2 3\n# EOF\n";
  const auto layout = registry.Resolve(*scope, OpenMetrics(first), 0, nullptr, values, counts);
  REQUIRE(layout.has_value());
  REQUIRE(values.exemplars.size() == 1);
  CHECK(values.exemplars[0].exemplar.labels == "id=\"x\"");
  CHECK((*layout)->block()->MetadataOf(0) == MetricMetadata{});  // the last family is a_s

  const std::string next =
      "# TYPE a counter\n# UNIT a_s s\na_total 5\nb 6 7 # {id=\"y\"} 8 9\n# EOF";
  PageValues found;
  REQUIRE((*layout)->Match(OpenMetrics(first), found));
  CHECK(found.exemplars.size() == 1);
  // The newline behind the end is text as well.
  CHECK_FALSE((*layout)->Match(OpenMetrics(next), found));
  REQUIRE((*layout)->Match(OpenMetrics(next + "\n"), found));
  CHECK(found.values[0] == 5);
  CHECK(found.values[1] == 6);
  CHECK(found.timestamps[1] == 7000);
  REQUIRE(found.exemplars.size() == 1);
  CHECK(found.exemplars[0].series == 1);
  CHECK(found.exemplars[0].exemplar.timestamp_ms == 9000);
  for (const std::string& other :
       {"a_total 5\nb 6 7\n# EOF\n"s, "# TYPE a counter\n# UNIT a_s s\na_total 5\nb 6 7\n"s,
        "# TYPE a counter\n# UNIT a_s s\na_total 5\nb 6\n# EOF\n"s,
        "# TYPE a counter\n# UNIT a_s s\na_total 5\nb 6 7\n# EOF\n\n"s,
        "# TYPE a counter\n# UNIT a_s s\na_total 5\nb 6 7 # {\n# EOF\n"s,
        "# TYPE a counter\n# UNIT a_s s\n a_total 5\nb 6 7\n# EOF\n"s, ""s}) {
    CAPTURE(other);
    CHECK_FALSE((*layout)->Match(OpenMetrics(other), found));
  }
  CHECK_FALSE((*layout)->Match(first, found));  // in another format
}

TEST_CASE("units and unescaped help are metadata") {
  const auto scope = NewLayoutScope(false, true, std::make_shared<const std::vector<RelabelRule>>(),
                                    Labels{{"job", "j"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout =
      registry.Resolve(*scope,
                       OpenMetrics("# TYPE a_seconds counter\n# UNIT a_seconds seconds\n"
                                   "# HELP a_seconds say \\\"hi\\\" \\\\ \\n\na_seconds_total 1\n"
                                   "a_seconds_created 1\n# EOF\n"),
                       0, nullptr, values, counts);
  REQUIRE(layout.has_value());
  CHECK((*layout)->block()->MetadataOf(0) ==
        MetricMetadata{MetricType::kCounter, "say \"hi\" \\ \n", "seconds"});
  CHECK((*layout)->block()->MetadataOf(1) == MetricMetadata{});
}

}  // namespace
}  // namespace limpet
