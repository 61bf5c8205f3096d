#include "agent/web/label_selector.h"

#include <doctest/doctest.h>

#include <string>

namespace limpet {
namespace {

const Labels kTarget{{"instance", "10.0.0.1:80"}, {"job", "api"}, {"a.b", "x\n\"y"}};

bool Matches(const std::string& text) {
  const auto selector = LabelSelector::Parse(text);
  REQUIRE_MESSAGE(selector.has_value(), text);
  return selector->Matches(kTarget);
}

TEST_CASE("a selector takes the label sets that all of its matchers take") {
  for (const char* text : {
           R"({job="api"})",
           R"( { job = "api" , instance != 'x' , } )",
           R"({job=~"a.i|b"})",
           R"({job=~`\w+`,instance!~"10\\.1.*"})",
           R"({job="api",none=""})",
           R"({job="api",none=~".*"})",
           R"({none!="x",job=~".+"})",
           R"({"a.b"="x\n\"y"})",
           R"({"a.b"='x\n"y'})",
           "{job!=\"\"}",
           "{}",
           "{none=\"\"}",
       }) {
    CAPTURE(text);
    CHECK(Matches(text));
  }
  for (const char* text : {
           R"({job="ap"})",
           R"({job=~"ap"})",
           R"({job!="api"})",
           R"({job="api",instance=~"11.*"})",
           R"({none=~".+"})",
           R"({none="x"})",
           "up",
           R"(a:b{job="api"})",
           R"({"up",job="api"})",
       }) {
    CAPTURE(text);
    CHECK_FALSE(Matches(text));
  }
  const auto name = LabelSelector::Parse(R"(up{job="api"})");
  CHECK(name->Matches(Labels{{"__name__", "up"}, {"job", "api"}}));
}

TEST_CASE("what is no selector is refused, and where it is wrong is said") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "expected a metric name or '{' at character 1"},
      {"1up", "expected a metric name or '{' at character 1"},
      {"{job", "expected one of = != =~ !~ at character 5"},
      {"{=\"a\"}", "expected a label name at character 2"},
      {"{,}", "expected a label name at character 2"},
      {"{\"\"}", "expected a label name at character 4"},
      {"{job=api}", "expected a quoted text at character 6"},
      {"{job=\"api", "unterminated quoted text at character 10"},
      {"{job=\"api\\", "unterminated quoted text at character 11"},
      {"{job=\"a\npi\"}", "unterminated quoted text at character 8"},
      {"{job=\"\\q\"}", "unknown escape at character 8"},
      {"{job=\"a\" b=\"c\"}", "expected ',' or '}' at character 10"},
      {"{job=\"api\"", "expected ',' or '}' at character 11"},
      {"{job=\"api\"}[5m]", "unexpected text behind the selector at character 12"},
      {"{job==\"api\"}", "expected a quoted text at character 6"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto selector = LabelSelector::Parse(c.text);
    REQUIRE_FALSE(selector.has_value());
    CHECK(selector.error().message == c.error);
  }
  CHECK(LabelSelector::Parse("{job=~\"(\"}")
            .error()
            .message.starts_with("invalid regular expression: "));
}

}  // namespace
}  // namespace limpet
