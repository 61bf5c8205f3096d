// Label sets: order, the later of two, empty values, hashes that do not depend on the machine,
// names.
#include "agent/relabel/labels.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace limpet {

TEST_CASE("labels are sorted, the later of two with a name wins, empty values vanish") {
  const Labels labels{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"c", ""}};
  CHECK(labels.ToString() == R"({a="2", b="3"})");
  CHECK(labels.size() == 2);
  CHECK(labels.Get("b") == "3");
  CHECK(labels.Get("c") == "");
  CHECK(labels.Has("a"));
  CHECK_FALSE(labels.Has("c"));
  CHECK(Labels{{"a", "1"}, {"a", ""}}.empty());
  CHECK(Labels{{"a", "1"}, {"b", "2"}} == Labels{{"b", "2"}, {"a", "1"}});
}

TEST_CASE("labels print as Prometheus prints them") {
  CHECK(Labels().ToString() == "{}");
  CHECK(Labels{{"a", "q\"\\\n\x01\x7f\xff"}}.ToString() == R"({a="q\"\\\n\x01\x7f\xff"})");
  CHECK(Labels{{"a.b", "é"}}.ToString() == R"({"a.b"="é"})");
  CHECK(Labels{{"a", "\xc2\x85"}}.ToString() == R"({a="\u0085"})");
}

TEST_CASE("the hash tells sets apart and is the same everywhere") {
  const Labels labels{{"a", "b"}, {"c", "d"}};
  CHECK(labels.Hash() == Labels{{"c", "d"}, {"a", "b"}}.Hash());
  CHECK(labels.Hash() != Labels{{"a", "bc"}, {"c", "d"}}.Hash());
  CHECK(Labels{{"ab", "c"}}.Hash() != Labels{{"a", "bc"}}.Hash());
  // XXH3-64 of nothing, and of the bytes a FF b FF c FF d FF.
  CHECK(Labels().Hash() == 0x2d06800538d394c2u);
  CHECK(labels.Hash() == 13079846769001196974u);
}

TEST_CASE("a builder behaves as a map without empty values") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    LabelsBuilder builder;
    std::map<std::string, std::string> model;
    for (int step = 0; step < 60; ++step) {
      const std::string name(1, static_cast<char>('a' + random() % 8));
      const std::string value = random() % 4 == 0 ? "" : std::to_string(random() % 3);
      if (random() % 5 == 0) {
        builder.Del(name);
        model.erase(name);
      } else {
        builder.Set(name, value);
        model[name] = value;
        if (value.empty()) model.erase(name);
      }
      REQUIRE(builder.Get(name) == (model.contains(name) ? model[name] : ""));
    }
    std::vector<Label> expected;
    for (const auto& [name, value] : model) expected.push_back({name, value});
    REQUIRE(builder.labels() == expected);
    REQUIRE(builder.Build() == Labels(expected));
  }
}

TEST_CASE("a builder may be given views of its own labels") {
  LabelsBuilder builder(Labels{{"b", "a value that is too long for the small string buffer"}});
  for (const char* name : {"a", "c", "d", "0"}) builder.Set(name, builder.Get("b"));
  builder.Set("b", builder.Get("b"));
  for (const Label& label : builder.labels()) {
    CHECK(label.value == "a value that is too long for the small string buffer");
  }
  CHECK(builder.labels().size() == 5);
}

TEST_CASE("names") {
  for (const char* name : {"a", "_", "A9", "__address__"}) {
    CHECK(IsLegacyLabelName(name));
    CHECK(IsLegacyMetricName(name));
  }
  for (const char* name : {"", "9", "a-b", "a.b", "é", " a"}) {
    CHECK_FALSE(IsLegacyLabelName(name));
    CHECK_FALSE(IsLegacyMetricName(name));
  }
  CHECK(IsLegacyMetricName(":a:b"));
  CHECK_FALSE(IsLegacyLabelName("a:b"));
  CHECK(IsUtf8Name("a.b é"));
  CHECK_FALSE(IsUtf8Name(""));
  CHECK_FALSE(IsUtf8Name("a\xff"));
}

TEST_CASE("UTF-8") {
  for (const char* text : {"", "abcdefghijklmnop", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                           "abcdefg\xc3\xa9", "abcdefgh\xc3\xa9"}) {
    CAPTURE(text);
    CHECK(IsValidUtf8(text));
  }
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "abcdefg\xc3", "abcdefgh\xff", "\xe2\x28\xa1", "\xf0\x9f\x98\x28"}) {
    CAPTURE(text);
    CHECK_FALSE(IsValidUtf8(text));
  }
}

}  // namespace limpet
