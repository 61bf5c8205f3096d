#include "discovery/object_splitter.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace limpet {
namespace {

using Shape = ObjectSplitter::Shape;

struct Cut {
  std::vector<std::string> objects;
  std::string envelope;
  bool complete = false;
  uint64_t oversized = 0;
  std::string error;
};

Cut Split(Shape shape, std::string_view text, size_t piece, size_t object_bytes_max = 1000) {
  Cut cut;
  ObjectSplitter splitter(shape, object_bytes_max);
  for (size_t at = 0; at < text.size() && cut.error.empty(); at += piece) {
    auto fed = splitter.Feed(text.substr(at, piece), [&](std::string& object) -> Result<void> {
      cut.objects.push_back(object);
      return {};
    });
    if (!fed) cut.error = fed.error().message;
  }
  cut.envelope = splitter.envelope();
  cut.complete = splitter.complete();
  cut.oversized = splitter.oversized_total();
  return cut;
}

TEST_CASE("a stream is cut into its objects wherever the pieces end") {
  const std::string first = R"({"type":"ADDED","object":{"a":"}{]\"\\","b":[{},[1]]}})";
  const std::string second = "{\"pretty\":\n  {\"items\": [ {\"x\": 1} ]}}";
  const std::string text = first + "\n" + second + "\r\n\t {}";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    CAPTURE(piece);
    const Cut cut = Split(Shape::kStream, text, piece);
    CHECK(cut.error.empty());
    CHECK(cut.objects == std::vector<std::string>{first, second, "{}"});
  }
}

TEST_CASE("a list is cut into its items and what is around them") {
  const std::string text =
      R"({"kind":"PodList","metadata":{"resourceVersion":"7","items":[{"no":1}]},)"
      R"("items":[{"a":[{"items":[]}]}, {"b":"]"} ,{}],"last":{}})"
      "\n";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    CAPTURE(piece);
    const Cut cut = Split(Shape::kList, text, piece);
    CHECK(cut.error.empty());
    CHECK(cut.complete);
    CHECK(cut.objects == std::vector<std::string>{R"({"a":[{"items":[]}]})", R"({"b":"]"})", "{}"});
    CHECK(cut.envelope ==
          R"({"kind":"PodList","metadata":{"resourceVersion":"7","items":[{"no":1}]},)"
          R"("items":[],"last":{}})");
  }
}

TEST_CASE("a list without items, with null for them, or one that ends early") {
  CHECK(Split(Shape::kList, R"({"items":null,"metadata":{}})", 3).complete);
  CHECK(Split(Shape::kList, R"({"items":[],"metadata":{}})", 3).complete);
  CHECK(Split(Shape::kList, "{}", 1).complete);
  CHECK_FALSE(Split(Shape::kList, R"({"items":[{"a":1},{"b")", 3).complete);
  CHECK_FALSE(Split(Shape::kList, R"({"items":[{"a":1}])", 3).complete);
}

TEST_CASE("an object that is too large is passed over, those after it are not") {
  const std::string large = R"({"a":")" + std::string(5000, 'x') + R"({"})";
  for (const size_t piece : {1, 7, 10'000}) {
    const Cut stream = Split(Shape::kStream, large + R"({"b":1})", piece);
    CHECK(stream.error.empty());
    CHECK(stream.oversized == 1);
    CHECK(stream.objects == std::vector<std::string>{R"({"b":1})"});
    const Cut list = Split(Shape::kList, R"({"items":[)" + large + R"(,{"b":1}]})", piece);
    CHECK(list.complete);
    CHECK(list.oversized == 1);
    CHECK(list.objects == std::vector<std::string>{R"({"b":1})"});
  }
}

TEST_CASE("what is no sequence of objects is refused") {
  for (const char* text : {"hello", "\"x\"", "[{}]", "{} x", "1", "}", "]", "{}]", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(Split(Shape::kStream, text, 1).error.empty());
    CHECK_FALSE(Split(Shape::kList, text, 1).error.empty());
  }
  for (const char* text : {R"({"items":[1]})", R"({"items":["x"]})", R"({"items":[[{}]]})", "{}{}",
                           R"({"items":[null]})"}) {
    CAPTURE(text);
    CHECK_FALSE(Split(Shape::kList, text, 1).error.empty());
  }
}

TEST_CASE("nesting and the envelope are bounded") {
  const std::string deep(10'000, '[');
  CHECK_FALSE(Split(Shape::kStream, "{\"a\":" + deep, 64).error.empty());
  CHECK_FALSE(Split(Shape::kList, "{\"a\":" + deep, 64).error.empty());
  CHECK_FALSE(Split(Shape::kList, "{\"items\":[{\"a\":" + deep, 64).error.empty());
  CHECK_FALSE(Split(Shape::kList, "{\"a\":\"" + std::string(100'000, 'x'), 4096).error.empty());
}

TEST_CASE("an error of the one who takes an object ends the feeding") {
  ObjectSplitter splitter(Shape::kStream, 1000);
  int calls = 0;
  auto fed = splitter.Feed("{}{}{}", [&](std::string&) -> Result<void> {
    ++calls;
    return Error{"enough"};
  });
  CHECK_FALSE(fed.has_value());
  CHECK(calls == 1);
}

}  // namespace
}  // namespace limpet
