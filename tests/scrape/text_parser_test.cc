#include "agent/scrape/text_parser.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace limpet {
namespace {

struct Parsed {
  Labels labels;
  double value;
  std::optional<int64_t> timestamp_ms;
};

Result<std::vector<Parsed>> ParseAll(std::string_view page) {
  std::vector<Parsed> all;
  TextParser parser(page);
  TextSample sample;
  for (;;) {
    Result<bool> more = parser.Next(sample);
    if (!more) return more.error();
    if (!*more) return all;
    std::vector<Label> labels;
    if (auto decoded = DecodeLabels(sample, labels); !decoded) return decoded.error();
    Parsed one{Labels(labels), sample.tail.value, std::nullopt};
    if (sample.tail.has_timestamp) one.timestamp_ms = sample.tail.timestamp_ms;
    all.push_back(one);
  }
}

// The labels of the only sample of a page, as text.
std::string LabelsOf(std::string_view page) {
  auto all = ParseAll(page);
  if (!all) return "error: " + all.error().message;
  if (all->size() != 1) return std::to_string(all->size()) + " samples";
  return all->front().labels.ToString();
}

std::string ErrorOf(std::string_view page) {
  auto all = ParseAll(page);
  return all ? "no error" : all.error().message;
}

TEST_CASE("a page with all that the format has") {
  const std::string_view page =
      "# HELP go_gc_duration_seconds A summary of the GC invocation durations.\n"
      "# \tTYPE go_gc_duration_seconds summary\n"
      "go_gc_duration_seconds{quantile=\"0\"} 4.9351e-05\n"
      "go_gc_duration_seconds{quantile=\"0.25\",} 7.424100000000001e-05\n"
      "go_gc_duration_seconds{quantile=\"1\", a=\"b\"} 8.3835e-05 123\n"
      "# HELP nohelp1\n"
      "# HELP nohelp2 \n"
      "# TYPE some:aggregate:rule5m untyped\n"
      "some:aggregate:rule5m{a_b=\"c\"}\t1\n"
      "\n"
      "   \t \n"
      "# Hrandom comment starting with prefix of HELP\n"
      "#\n"
      "  wind_speed{A=\"2\",c=\"3\"} 12345\n"
      "# comment with escaped \\n newline\n"
      "_metric_starting_with_underscore 1\n"
      "testmetric{_label_starting_with_underscore=\"foo\"} 1\n"
      "testmetric{label=\"\\\"bar\\\"\\n\\\\ \\t\"} -Inf 0005 \n"
      "go_goroutines   33  \t123123";
  auto all = ParseAll(page);
  REQUIRE(all.has_value());
  REQUIRE(all->size() == 9);
  CHECK((*all)[0].labels.Get("quantile") == "0.0");
  CHECK((*all)[0].value == 4.9351e-05);
  CHECK((*all)[1].labels.Get("quantile") == "0.25");
  CHECK((*all)[2].labels ==
        Labels{{"__name__", "go_gc_duration_seconds"}, {"quantile", "1.0"}, {"a", "b"}});
  CHECK((*all)[2].timestamp_ms == 123);
  CHECK((*all)[3].labels == Labels{{"__name__", "some:aggregate:rule5m"}, {"a_b", "c"}});
  CHECK((*all)[4].labels == Labels{{"__name__", "wind_speed"}, {"A", "2"}, {"c", "3"}});
  CHECK((*all)[7].labels.Get("label") == "\"bar\"\n\\ \\t");
  CHECK((*all)[7].value == -HUGE_VAL);
  CHECK((*all)[7].timestamp_ms == 5);
  CHECK((*all)[8].timestamp_ms == 123123);
}

TEST_CASE("series are read with their labels") {
  const struct {
    const char* page;
    const char* labels;
  } cases[] = {
      {"a 1", R"({__name__="a"})"},
      {"a{} 1", R"({__name__="a"})"},
      {"a{b=\"c\"}1", R"({__name__="a", b="c"})"},
      {"a { b = \"c\" , d = \"e\" , } 1", R"({__name__="a", b="c", d="e"})"},
      {"a{b=\"c\" d=\"e\"} 1", R"({__name__="a", b="c", d="e"})"},
      {"a{b=\"\"} 1", R"({__name__="a"})"},
      {"a{b=\"x\ny\"} 1", R"({__name__="a", b="x\ny"})"},
      {"{\"a.b\"} 1", R"({__name__="a.b"})"},
      {"{\"a.b\",c=\"d\"} 1", R"({__name__="a.b", c="d"})"},
      {"{c=\"d\",\"a.b\"} 1", R"({__name__="a.b", c="d"})"},
      {"{\"a\\\"b\\n\",\"l.x\"=\"v\"} 1", R"({__name__="a\"b\n", "l.x"="v"})"},
      {"a{\"l.x\"=\"v\",y=\"z\"} 1", R"({__name__="a", "l.x"="v", y="z"})"},
      {"a{b=\"\xc3\xa9\"} 1", "{__name__=\"a\", b=\"\xc3\xa9\"}"},
      {"a:b{b=\"}\"} 1", R"({__name__="a:b", b="}"})"},
      {"# TYPE h histogram\nh_bucket{le=\"1\"} 1", R"({__name__="h_bucket", le="1.0"})"},
      {"# TYPE \"h\" histogram\nx{le=\"+Inf\"} 1", R"({__name__="x", le="+Inf"})"},
      {"# TYPE h summary\nh_bucket{le=\"1\"} 1", R"({__name__="h_bucket", le="1"})"},
      {"# TYPE h histogram\n# TYPE g gauge\nh{le=\"1\"} 1", R"({__name__="h", le="1"})"},
      {"#TYPE h nonsense\nh 1", R"({__name__="h"})"},
      {"# TYPE\nh 1", R"({__name__="h"})"},
      {"# TYPES h x\nh 1", R"({__name__="h"})"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.page);
    CHECK(LabelsOf(c.page) == c.labels);
  }
}

TEST_CASE("a null byte is a byte like others in a label's value and nowhere else") {
  using namespace std::string_literals;
  CHECK(ParseAll("a{b=\"\0ss\"} 1\n"s).has_value());
  CHECK_FALSE(ParseAll("a{b=\0\"ssss\"} 1\n"s).has_value());
  CHECK_FALSE(ParseAll("a{b\0=\"hiih\"} 1"s).has_value());
  CHECK_FALSE(ParseAll("a\0{b=\"ddd\"} 1"s).has_value());
  CHECK_FALSE(ParseAll("a 0 1\0"s).has_value());
  CHECK_FALSE(ParseAll("\0"s).has_value());
}

TEST_CASE("a page with one wrong line is refused, with the line") {
  const struct {
    const char* page;
    const char* error;
  } cases[] = {
      {"a", "line 1: expected a value after the metric name: \"a\""},
      {"a\n", "line 1: expected a value after the metric name: \"a\""},
      {"a 1\nb \n", "line 2: expected a value after the series: \"b \""},
      {"a{b='c'} 1\n", "line 1: expected a quoted label value: \"a{b='c'} 1\""},
      {"a{b=\n", "line 1: expected a quoted label value: \"a{b=\""},
      {"a{\xff=\"foo\"} 1\n", "line 1: expected a label name: \"a{\\xff=\\\"foo\\\"} 1\""},
      {"a{b=\"\xff\"} 1\n", "line 1: label value is not valid UTF-8: \"a{b=\\\"\\xff\\\"} 1\""},
      {"{\"a\", \"b = \"c\"}",
       "line 1: expected '=' after a label name: \"{\\\"a\\\", \\\"b = \\\"c\\\"}\""},
      {"{\"a\",b\nc=\"d\"} 1", "line 1: expected '=' after a label name: \"{\\\"a\\\",b\""},
      {"a true\n", "line 1: expected a number as the sample's value: \"a true\""},
      {"x{y=\"", "line 1: expected a quoted label value: \"x{y=\\\"\""},
      {"x{=\"\"} 0", "line 1: expected a label name: \"x{=\\\"\\\"} 0\""},
      {"foo 1_2\n", "line 1: expected a number as the sample's value: \"foo 1_2\""},
      {"foo 0x1p-3\n", "line 1: expected a number as the sample's value: \"foo 0x1p-3\""},
      {"foo 0 1_2\n",
       "line 1: expected a timestamp in milliseconds, of digits alone: \"foo 0 1_2\""},
      {"foo 0 -5\n", "line 1: expected a timestamp in milliseconds, of digits alone: \"foo 0 -5\""},
      {"foo 0 1 2\n", "line 1: expected the end of the line after the timestamp: \"foo 0 1 2\""},
      {"{a=\"ok\"} 1", "line 1: missing metric name: \"{a=\\\"ok\\\"} 1\""},
      {"{} 1", "line 1: missing metric name: \"{} 1\""},
      {"{\"\"} 1", "line 1: missing metric name: \"{\\\"\\\"} 1\""},
      {"a{\"b\"} 1", "line 1: metric name already set: \"a{\\\"b\\\"} 1\""},
      {"{\"a\",\"b\"} 1", "line 1: metric name already set: \"{\\\"a\\\",\\\"b\\\"} 1\""},
      {"# TYPE #\n#EOF\n", "line 1: expected a metric name after TYPE or HELP: \"# TYPE #\""},
      {"# TYPE \n", "line 1: expected a metric name after TYPE or HELP: \"# TYPE \""},
      {"# HELP #\n", "line 1: expected a metric name after TYPE or HELP: \"# HELP #\""},
      {"# HELP a \xff\n", "line 1: help text is not valid UTF-8: \"# HELP a \\xff\""},
      {"x 1\n# TYPE a sum\nx 2", "line 2: invalid metric type: \"# TYPE a sum\""},
      {"# TYPE a\n", "line 1: invalid metric type: \"# TYPE a\""},
      {"# TYPE a counter \n", "line 1: invalid metric type: \"# TYPE a counter \""},
      {"# TYPE a counter\r\n", "line 1: invalid metric type: \"# TYPE a counter\\x0d\""},
      {"# TYPE a unknown\n", "line 1: invalid metric type: \"# TYPE a unknown\""},
      {"1a 1\n", "line 1: expected a metric name: \"1a 1\""},
      {"a+1\n", "line 1: expected a value after the metric name: \"a+1\""},
      {"a{1b=\"c\"} 1\n", "line 1: expected a label name: \"a{1b=\\\"c\\\"} 1\""},
      {"a{b:c=\"c\"} 1\n", "line 1: expected '=' after a label name: \"a{b:c=\\\"c\\\"} 1\""},
      {"a{b=\"c\",,} 1\n", "line 1: expected a label name: \"a{b=\\\"c\\\",,} 1\""},
      {"a{b=\"c\"", "line 1: expected a label name: \"a{b=\\\"c\\\"\""},
      {"a{b=\"c\\\"} 1", "line 1: expected a quoted label value: \"a{b=\\\"c\\\\\\\"} 1\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.page);
    CHECK(ErrorOf(c.page) == c.error);
  }
}

TEST_CASE("labels that no series may have are refused when they are decoded") {
  CHECK(ErrorOf("a{b=\"1\",b=\"2\"} 1") == "label name \"b\" is not unique");
  CHECK(ErrorOf("a{__name__=\"b\"} 1") == "label name \"__name__\" is not unique");
  CHECK(ErrorOf("{\"a\",\"\"=\"b\"} 1") == "invalid label name");
  CHECK(ErrorOf("{\"a\xff\"} 1") == "invalid metric name");
  CHECK(ErrorOf("a{\"\xff\"=\"b\"} 1") == "invalid label name");
}

TEST_CASE("an error shows a bounded part of a long line, around the place") {
  const std::string error =
      ErrorOf("a{b=\"" + std::string(5000, 'x') + "\"} oops" + std::string(5000, 'y'));
  CHECK(error.size() < 150);
  CHECK(error.find("xx\\\"} oopsy") != std::string::npos);
}

TEST_CASE("more labels than the limit are refused") {
  std::string page = "a{";
  for (size_t i = 0; i < kLabelsPerSampleMax; ++i) page += "l" + std::to_string(i) + "=\"\",";
  CHECK(ParseAll(page + "} 1").has_value());
  CHECK_FALSE(ParseAll(page + "x=\"\"} 1").has_value());
}

TEST_CASE("gap and series cover the page up to each value") {
  const std::string_view page = "# TYPE a counter\n\n a{b=\"c\"}  1 5\nb 2\n# end";
  TextParser parser(page);
  TextSample sample;
  REQUIRE(*parser.Next(sample));
  CHECK(sample.gap == "# TYPE a counter\n\n ");
  CHECK(sample.series == "a{b=\"c\"}  ");
  CHECK(sample.type == MetricType::kCounter);
  REQUIRE(*parser.Next(sample));
  CHECK(sample.gap.empty());
  CHECK(sample.series == "b ");
  REQUIRE_FALSE(*parser.Next(sample));
  CHECK(sample.gap == "# end");
}

}  // namespace
}  // namespace limpet
