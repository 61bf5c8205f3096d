#include "agent/platform/timestamp.h"

#include <doctest/doctest.h>

namespace limpet {
namespace {

TEST_CASE("a point in time, there and back") {
  for (const int64_t ms : {int64_t{0}, int64_t{1}, int64_t{1'700'000'000'123}, int64_t{-1},
                           int64_t{253'402'300'799'999}, int64_t{951'782'400'000}}) {
    const auto parsed = ParseTimestamp(FormatTimestamp(ms));
    REQUIRE(parsed.has_value());
    CHECK(*parsed == ms);
  }
}

TEST_CASE("the forms that a time can have") {
  CHECK(ParseTimestamp("1700000000123").value() == 1'700'000'000'123);
  CHECK(ParseTimestamp("-5").value() == -5);
  CHECK(ParseTimestamp("2023-11-14").value() == 1'699'920'000'000);
  CHECK(ParseTimestamp("2023-11-14T22:13:20Z").value() == 1'700'000'000'000);
  CHECK(ParseTimestamp("2023-11-14 22:13:20z").value() == 1'700'000'000'000);
  CHECK(ParseTimestamp("2023-11-14T23:13:20+01:00").value() == 1'700'000'000'000);
  CHECK(ParseTimestamp("2023-11-14T20:43:20-01:30").value() == 1'700'000'000'000);
  CHECK(ParseTimestamp("2023-11-14T22:13:20.5Z").value() == 1'700'000'000'500);
  CHECK(ParseTimestamp("2023-11-14T22:13:20.123456789Z").value() == 1'700'000'000'123);
}

TEST_CASE("what is no time") {
  for (const char* text :
       {"", "soon", "2023-11-14T22:13:20", "2023-11-14T22:13Z", "2023-13-14T22:13:20Z",
        "2023-02-30T00:00:00Z", "2023-11-14T24:13:20Z", "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20ZZ", "2023-11-14T22:13:20+1:00", "2023-1-14", "-023-01-01",
        "2023-11-1-", "12 ", "99999999999999999999"}) {
    CAPTURE(text);
    const auto parsed = ParseTimestamp(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().message.find(text) != std::string::npos);
  }
}

}  // namespace
}  // namespace limpet
