// Every action, the rules of which labels a rule touches, and the actions' names.
#include "agent/relabel/relabel.h"

#include <doctest/doctest.h>

#include <optional>

#include "agent/relabel/unicode_case.h"

namespace limpet {

namespace {

AnchoredRegex Regex(const std::string& text) { return AnchoredRegex::Compile(text).value(); }

RelabelRule Rule(RelabelAction action, std::vector<std::string> source_labels,
                 const std::string& regex = "(.*)", const std::string& target_label = "",
                 const std::string& replacement = "$1") {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(source_labels);
  rule.regex = Regex(regex);
  rule.target_label = target_label;
  rule.replacement = replacement;
  return rule;
}

// The labels after the rules, nothing where they were dropped.
std::optional<Labels> After(const std::vector<RelabelRule>& rules, const Labels& labels) {
  LabelsBuilder builder(labels);
  if (!ApplyRelabelRules(rules, builder)) return std::nullopt;
  return builder.Build();
}

using enum RelabelAction;

}  // namespace

TEST_CASE("replace") {
  const Labels labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  struct Case {
    RelabelRule rule;
    Labels expected;
  };
  const Case cases[] = {
      // Copies, joins, templates.
      {Rule(kReplace, {"a"}, "(.*)", "d"),
       {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "foo"}}},
      {Rule(kReplace, {"a"}, "(.*)", "b", "${1}"), {{"a", "foo"}, {"b", "foo"}, {"c", "baz"}}},
      {Rule(kReplace, {"a", "none", "c"}, "f(.*);;(.*)z", "b", "$2-$1"),
       {{"a", "foo"}, {"b", "ba-oo"}, {"c", "baz"}}},
      {Rule(kReplace, {"a"}, "f(.*)", "x_${1}_$1", "v"),
       {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"x_oo_oo", "v"}}},
      // No match: nothing happens.
      {Rule(kReplace, {"a"}, "fo", "b", "x"), labels},
      // Empty results delete.
      {Rule(kReplace, {"a"}, "foo", "b", ""), {{"a", "foo"}, {"c", "baz"}}},
      {Rule(kReplace, {"a"}, "(.*)", "b", ""), {{"a", "foo"}, {"c", "baz"}}},
      {Rule(kReplace, {"none"}, "(.*)", "b", "$1"), {{"a", "foo"}, {"c", "baz"}}},
      {Rule(kReplace, {}, "(.*)", "b", "$2"), {{"a", "foo"}, {"c", "baz"}}},
      // No source at all matches as the empty text.
      {Rule(kReplace, {}, "(.*)", "b", "set"), {{"a", "foo"}, {"b", "set"}, {"c", "baz"}}},
      {Rule(kReplace, {}, ".+", "b", "set"), labels},
      // A target that expands to no valid name: nothing happens.
      {Rule(kReplace, {"none"}, "(.*)", "$1", "x"), labels},
      {Rule(kReplace, {"a"}, "foo", "${2}", "x"), labels},
      // Prometheus 3 takes any UTF-8 as a name.
      {Rule(kReplace, {"a"}, "foo", "x.y", "v"),
       {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"x.y", "v"}}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule.regex.text());
    CAPTURE(c.rule.target_label);
    auto after = After({c.rule}, labels);
    REQUIRE(after.has_value());
    CHECK(after->ToString() == c.expected.ToString());
  }
}

TEST_CASE("the separator joins") {
  RelabelRule rule = Rule(kReplace, {"a", "b", "none"}, "(.*)", "c");
  rule.separator = "<>";
  CHECK(After({rule}, {{"a", "1"}, {"b", "2"}})->Get("c") == "1<>2<>");
  rule.separator = "";
  CHECK(After({rule}, {{"a", "1"}, {"b", "2"}})->Get("c") == "12");
}

TEST_CASE("keep and drop") {
  const Labels labels{{"a", "foo"}, {"b", "bar"}};
  CHECK(After({Rule(kKeep, {"a"}, "foo")}, labels) == labels);
  CHECK(After({Rule(kKeep, {"a", "b"}, "f.*;b.*")}, labels) == labels);
  CHECK_FALSE(After({Rule(kKeep, {"a"}, "fo")}, labels));
  CHECK_FALSE(After({Rule(kKeep, {"none"}, ".+")}, labels));
  CHECK(After({Rule(kKeep, {}, "(.*)")}, labels) == labels);
  CHECK_FALSE(After({Rule(kDrop, {"a"}, "f.o")}, labels));
  CHECK(After({Rule(kDrop, {"a"}, "f")}, labels) == labels);
  CHECK_FALSE(After({Rule(kDrop, {"none"}, "")}, labels));
  // What comes after a drop is not run; what comes before is seen.
  CHECK_FALSE(After({Rule(kReplace, {"a"}, "(.*)", "x"), Rule(kDrop, {"x"}, "foo")}, labels));
}

TEST_CASE("keepequal and dropequal") {
  const Labels labels{{"a", "1"}, {"b", "1"}, {"c", "2"}};
  CHECK(After({Rule(kKeepEqual, {"a"}, "(.*)", "b")}, labels) == labels);
  CHECK_FALSE(After({Rule(kKeepEqual, {"a"}, "(.*)", "c")}, labels));
  CHECK(After({Rule(kKeepEqual, {"none"}, "(.*)", "other")}, labels) == labels);
  CHECK_FALSE(After({Rule(kDropEqual, {"a"}, "(.*)", "b")}, labels));
  CHECK(After({Rule(kDropEqual, {"a"}, "(.*)", "c")}, labels) == labels);
  CHECK_FALSE(After({Rule(kDropEqual, {"none"}, "(.*)", "other")}, labels));
}

TEST_CASE("hashmod takes the last eight bytes of the MD5") {
  RelabelRule rule = Rule(kHashMod, {"a", "b"}, "(.*)", "h");
  rule.modulus = 1000;
  CHECK(After({rule}, {{"a", "10.0.0.1:9100"}, {"b", "x"}})->Get("h") == "922");
  rule.source_labels = {"a"};
  CHECK(After({rule}, {{"a", "a"}})->Get("h") == "697");
  CHECK(After({rule}, {})->Get("h") == "958");
  rule.modulus = UINT64_MAX;
  CHECK(After({rule}, {{"a", "foo"}})->Get("h") == "17145033699835028696");
}

TEST_CASE("labelmap") {
  const Labels labels{{"__meta_app", "x"}, {"__meta_tier", "y"}, {"app", "old"}};
  CHECK(After({Rule(kLabelMap, {}, "__meta_(.+)")}, labels) ==
        Labels{{"__meta_app", "x"}, {"__meta_tier", "y"}, {"app", "x"}, {"tier", "y"}});
  CHECK(After({Rule(kLabelMap, {}, "__meta_(.+)", "", "k_$1")}, labels)->Get("k_tier") == "y");
  CHECK(After({Rule(kLabelMap, {}, "none(.+)")}, labels) == labels);
  // Names made by the rule are not mapped again.
  CHECK(After({Rule(kLabelMap, {}, "(a+)", "", "a$1")}, Labels{{"a", "1"}, {"aa", "2"}}) ==
        Labels{{"a", "1"}, {"aa", "1"}, {"aaa", "2"}});
}

TEST_CASE("labeldrop and labelkeep") {
  const Labels labels{{"a", "1"}, {"ab", "2"}, {"b", "3"}};
  CHECK(After({Rule(kLabelDrop, {}, "a.*")}, labels) == Labels{{"b", "3"}});
  CHECK(After({Rule(kLabelDrop, {}, "a")}, labels) == Labels{{"ab", "2"}, {"b", "3"}});
  CHECK(After({Rule(kLabelKeep, {}, "a.*")}, labels) == Labels{{"a", "1"}, {"ab", "2"}});
  CHECK(After({Rule(kLabelKeep, {}, "none")}, labels)->empty());
}

TEST_CASE("lowercase and uppercase") {
  const Labels labels{{"a", "FooÄß"}};
  CHECK(After({Rule(kLowercase, {"a"}, "(.*)", "b")}, labels)->Get("b") == "fooäß");
  CHECK(After({Rule(kUppercase, {"a"}, "(.*)", "a")}, labels)->Get("a") == "FOOÄß");
  CHECK(After({Rule(kUppercase, {"none"}, "(.*)", "a")}, labels)->empty());
  // The expression plays no part.
  CHECK(After({Rule(kUppercase, {"a"}, "nothing", "b")}, labels)->Get("b") == "FOOÄß");
}

TEST_CASE("case maps one character to one, as in Go") {
  CHECK(ToLower("İıſK") == "iıſk");
  CHECK(ToUpper("İıſK") == "İISK");
  CHECK(ToLower("ΑΣ ДЖ ǅ Ꭰꭰ 𐐀") == "ασ дж ǆ ꭰꭰ 𐐨");
  CHECK(ToUpper("ß ǅ Ꭰꭰ 𐐨") == "ß Ǆ ᎠᎠ 𐐀");
  CHECK(ToLower("A\xff\xc3") == "a\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(ToLower("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("the case of every character is Go's") {
  // Pairs that differ and a checksum over them, both of Go 1.19's unicode package.
  uint64_t pairs = 0;
  uint64_t checksum = 0;
  const auto decoded = [](const std::string& text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    uint64_t c = text.size() == 1 ? lead : lead & (0x7Fu >> text.size());
    for (size_t i = 1; i < text.size(); ++i)
      c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
    return c;
  };
  for (uint32_t c = 0x80; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    // Go 1.19 knows Unicode 13; these came with 14.
    if ((c >= 0x10570 && c <= 0x105BC) || (c >= 0xA7C0 && c <= 0xA7C1) ||
        (c >= 0xA7D0 && c <= 0xA7D9) || c == 0x2C2F || c == 0x2C5F) {
      continue;
    }
    std::string text;
    if (c >= 0x10000)
      text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F))};
    if (c >= 0x800 && c < 0x10000) text += static_cast<char>(0xE0 | c >> 12);
    text += static_cast<char>(c < 0x800 ? 0xC0 | c >> 6 : 0x80 | (c >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
    const uint64_t lower = decoded(ToLower(text));
    const uint64_t upper = decoded(ToUpper(text));
    if (lower != c) checksum = checksum * 31 + uint64_t{c} * 7 + lower;
    if (upper != c) checksum = checksum * 31 + uint64_t{c} * 13 + upper;
    pairs += (lower != c ? 1u : 0u) + (upper != c ? 1u : 0u);
  }
  CHECK(pairs == 2751);
  CHECK(checksum == 5779015435658022513u);
}

TEST_CASE("names of actions") {
  for (const char* name : {"replace", "keep", "drop", "keepequal", "dropequal", "hashmod",
                           "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"}) {
    auto action = ParseRelabelAction(ToUpper(name));
    REQUIRE(action.has_value());
    CHECK(RelabelActionName(*action) == name);
  }
  CHECK(ParseRelabelAction("keepif").error().message ==
        "unknown action \"keepif\"; expected one of replace, keep, drop, keepequal, dropequal, "
        "hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase");
}

TEST_CASE("rules that neither read nor change a label are independent of it") {
  struct Case {
    RelabelRule rule;
    bool independent;
  };
  const Case cases[] = {
      {Rule(kReplace, {"a"}, "(.*)", "b"), true},
      {Rule(kReplace, {"instance"}, "(.*)", "b"), false},
      {Rule(kReplace, {"a", "pod"}, "(.*)", "b"), false},
      {Rule(kReplace, {"a"}, "(.*)", "pod"), false},
      {Rule(kReplace, {"a"}, "(.*)", "$1"), false},
      {Rule(kReplace, {"a"}, "(.*)", "po$1"), false},
      {Rule(kReplace, {"a"}, "(.*)", "tmp_$1"), true},
      {Rule(kKeep, {"__name__"}, "x"), true},
      {Rule(kDrop, {"pod"}, "x"), false},
      {Rule(kKeepEqual, {"a"}, "(.*)", "pod"), false},
      {Rule(kDropEqual, {"a"}, "(.*)", "b"), true},
      {Rule(kHashMod, {"a"}, "(.*)", "instance"), false},
      {Rule(kHashMod, {"a"}, "(.*)", "b"), true},
      {Rule(kLowercase, {"a"}, "(.*)", "pod"), false},
      {Rule(kUppercase, {"a"}, "(.*)", "b"), true},
      {Rule(kLabelMap, {}, "x_(.*)"), false},
      {Rule(kLabelMap, {}, "x_(.*)", "", "y_$1"), true},
      {Rule(kLabelMap, {}, "x_(.*)", "", "pod"), false},
      {Rule(kLabelMap, {}, "p.*", "", "y_$1"), false},
      {Rule(kLabelDrop, {}, "x.*"), true},
      {Rule(kLabelDrop, {}, "p.*"), false},
      {Rule(kLabelKeep, {}, "pod|instance|x"), true},
      {Rule(kLabelKeep, {}, "pod"), false},
  };
  for (const Case& c : cases) {
    CAPTURE(RelabelActionName(c.rule.action));
    CAPTURE(c.rule.regex.text());
    CAPTURE(c.rule.target_label);
    CHECK(IndependentOf({c.rule}, {"instance", "pod"}) == c.independent);
    CHECK(IndependentOf({Rule(kKeep, {"a"}), c.rule}, {"instance", "pod"}) == c.independent);
    CHECK(IndependentOf({c.rule}, {}));
  }
  CHECK(IndependentOf({}, {"instance"}));
}

}  // namespace limpet
