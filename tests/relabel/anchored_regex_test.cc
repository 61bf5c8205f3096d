// Expressions and templates; what is expected is what Go's regexp package answers.
#include "agent/relabel/anchored_regex.h"

#include <doctest/doctest.h>

namespace limpet {

TEST_CASE("templates expand as in Go") {
  struct Case {
    const char* regex;
    const char* text;
    const char* replacement;
    const char* expected;
  };
  const Case cases[] = {
      {"(.*)", "abc", "$1_x", ""},
      {"(.*)", "abc", "${1}_x", "abc_x"},
      {"(.*)", "abc", "$$1", "$1"},
      {"(.*)", "abc", "$$$1", "$abc"},
      {"(.*)", "abc", "$", "$"},
      {"(.*)", "abc", "a$", "a$"},
      {"(.*)", "abc", "$-", "$-"},
      {"(.*)", "abc", "${", "${"},
      {"(.*)", "abc", "${1", "${1"},
      {"(.*)", "abc", "${}", "${}"},
      {"(.*)", "abc", "${1}}", "abc}"},
      {"(.*)", "abc", "$0", "abc"},
      {"(.*)", "abc", "$01", ""},
      {"(.*)", "abc", "$2", ""},
      {"(.*)", "abc", "$100000000", ""},
      {"(.*)", "abc", "$99999999999999999999", ""},
      {"(.*)", "abc", "$é1", ""},
      {"(.*)", "abc", "$1é", ""},
      {"(.*)", "abc", "$1-é", "abc-é"},
      {"(.*)", "", "[$1]", "[]"},
      {".*", "abc", "[$0$1]", "[abc]"},
      {"abc", "abc", "$0$1$name.", "abc."},
      {"(?P<first>a)(?P<second_2>.*)", "abc", "${second_2}$first $second_2x", "bca "},
      {"(a)|(b)", "b", "[$1][$2]", "[][b]"},
      {"a.c", "a\nc", "$0", "a\nc"},
      {"", "", "x$0y", "x"},
      {"a)|(b", "ax", "<$0>", "<a>"},
      {"x*", "", "[$0]", "[]"},
      {"(?i)ABC", "abc", "ok", "ok"},
      {".", "é", "ok", "ok"},
      {"٣", "٣", "$٣x", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.regex);
    CAPTURE(c.replacement);
    auto regex = AnchoredRegex::Compile(c.regex);
    REQUIRE(regex.has_value());
    std::string out = "before ";
    CHECK(regex->MatchAndExpand(c.text, c.replacement, out));
    CHECK(out == std::string("before ") + c.expected);
    CHECK(regex->Matches(c.text));
  }
}

TEST_CASE("expressions are anchored at both ends") {
  struct Case {
    const char* regex;
    const char* text;
  };
  for (const Case& c : {Case{"a|b", "ab"},
                        {"a|b", "xb"},
                        {"abc", "abcd"},
                        {"abc", "ab"},
                        {"a.", "a"},
                        {"", "a"},
                        {"abc", "ABC"},
                        {"(a)", "a\n"},
                        {"true", ""},
                        {".", "\xff"}}) {
    CAPTURE(c.regex);
    auto regex = AnchoredRegex::Compile(c.regex);
    REQUIRE(regex.has_value());
    CHECK_FALSE(regex->Matches(c.text));
    std::string out = "kept";
    CHECK_FALSE(regex->MatchAndExpand(c.text, "$0", out));
    CHECK(out == "kept");
  }
}

TEST_CASE("the default expression takes anything") {
  const AnchoredRegex any;
  CHECK(any.text() == "(.*)");
  CHECK(any.IsMatchAll());
  for (const char* text : {"", "a\nb", "\xff\xfe"}) {
    std::string out;
    CHECK(any.MatchAndExpand(text, "$1", out));
    CHECK(out == text);
  }
  CHECK(*AnchoredRegex::Compile("(.*)") == any);
  CHECK_FALSE(*AnchoredRegex::Compile(".*") == any);
}

TEST_CASE("what RE2 refuses is an error with its reason") {
  auto reason = [](const char* text) { return AnchoredRegex::Compile(text).error().message; };
  CHECK(reason("(a") == "missing ): (a");
  CHECK(reason("a)") == "unexpected ): a)");
  CHECK(reason("[z-a]") == "invalid character class range: z-a");
  CHECK(reason("(?=a)") == "invalid perl operator: (?=");
  CHECK(reason("\xff").find("UTF-8") != std::string::npos);
  CHECK(reason("a{1001}") == "invalid repetition size: {1001}");
  CHECK(reason("((((\\pL{100}){100}){100}){100})").find("repetition") != std::string::npos);
}

}  // namespace limpet
