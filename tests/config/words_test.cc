// Environment variables in values, and spelling.
#include <doctest/doctest.h>

#include <cstdlib>

#include "agent/config/environment.h"
#include "agent/config/spelling.h"

namespace limpet {

TEST_CASE("variables of the environment") {
  setenv("LIMPET_TEST_A", "value", 1);
  setenv("LIMPET_TEST_NESTED", "${LIMPET_TEST_A}$$", 1);
  setenv("LIMPET_TEST_EMPTY", "", 1);
  unsetenv("LIMPET_TEST_UNSET");
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c :
       {Case{"", ""},
        {"plain", "plain"},
        {"${LIMPET_TEST_A}", "value"},
        {"a${LIMPET_TEST_A}b${LIMPET_TEST_A}", "avaluebvalue"},
        {"[${LIMPET_TEST_EMPTY}]", "[]"},
        {"${LIMPET_TEST_NESTED}", "${LIMPET_TEST_A}$$"},
        {"$$", "$"},
        {"$${LIMPET_TEST_A}", "${LIMPET_TEST_A}"},
        {"$$$${x", "$${x"},
        {"$", "$"},
        {"a$", "a$"},
        {"$1 ${1} ${} ${ ${a-b} $LIMPET_TEST_A", "$1 ${1} ${} ${ ${a-b} $LIMPET_TEST_A"}}) {
    CAPTURE(c.text);
    const auto expanded = ExpandEnvironment(c.text, 1000);
    REQUIRE(expanded.has_value());
    CHECK(*expanded == c.expected);
  }
  for (const Case& c : {Case{"$LIMPET_TEST_A", "value"},
                        {"a-$LIMPET_TEST_A-b$LIMPET_TEST_A", "a-value-bvalue"},
                        {"${LIMPET_TEST_A}x", "valuex"},
                        {"$$LIMPET_TEST_A", "$LIMPET_TEST_A"},
                        {"$1 $ ${} ${a-b} $", "$1 $ ${} ${a-b} $"}}) {
    CAPTURE(c.text);
    CHECK(ExpandEnvironment(c.text, 1000, VariableForm::kBracedOrBare).value() == c.expected);
  }
  CHECK(ExpandEnvironment("$LIMPET_TEST_AB", 1000, VariableForm::kBracedOrBare).error().message ==
        "environment variable LIMPET_TEST_AB is not set");
  CHECK(ExpandEnvironment("${LIMPET_TEST_UNSET}", 1000).error().message ==
        "environment variable LIMPET_TEST_UNSET is not set");
  CHECK(ExpandEnvironment("${LIMPET_TEST_A}", 5).has_value());
  CHECK(ExpandEnvironment("${LIMPET_TEST_A}", 4).error().message ==
        "too large after replacing environment variables");
}

TEST_CASE("the nearest spelling") {
  const std::vector<std::string_view> known = {"job_name", "scheme", "scrape_interval",
                                               "scrape_timeout", "url"};
  CHECK(NearestSpelling("job_nmae", known) == "job_name");
  CHECK(NearestSpelling("jobname", known) == "job_name");
  CHECK(NearestSpelling("scrapeInterval", known) == "scrape_interval");
  CHECK(NearestSpelling("scrape-timeout", known) == "scrape_timeout");
  CHECK(NearestSpelling("shceme", known) == "scheme");
  CHECK(NearestSpelling("uri", known) == "url");
  CHECK(NearestSpelling("u", known) == "");
  CHECK(NearestSpelling("name", known) == "");
  CHECK(NearestSpelling("", known) == "");
  CHECK(NearestSpelling("scrape_intervals", {}) == "");
  CHECK(NearestSpelling(std::string(100'000, 'a'), known) == "");
}

}  // namespace limpet
