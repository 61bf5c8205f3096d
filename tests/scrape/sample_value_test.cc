#include "agent/scrape/sample_value.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "queue/scrape_view.h"

namespace limpet {
namespace {

bool Parses(const std::string& text, double& value) {
  const char* end = text.data() + text.size();
  return ParseSampleValue(text.data(), end, value) == end;
}

uint64_t BitsOf(double value) { return std::bit_cast<uint64_t>(value); }

TEST_CASE("values are read as Go's ParseFloat reads them") {
  const struct {
    const char* text;
    double value;
  } cases[] = {
      {"0", 0},
      {"-0", -0.0},
      {"1", 1},
      {"+1", 1},
      {"-1", -1},
      {"1.", 1},
      {".5", 0.5},
      {"+.5", 0.5},
      {"-.5", -0.5},
      {"007", 7},
      {"1e3", 1000},
      {"1E+3", 1000},
      {"1e-3", 0.001},
      {"1.5e+06", 1.5e6},
      {"8.3835e-05", 8.3835e-05},
      {"12345678901234567890", 12345678901234567890.0},
      {"9007199254740993", 9007199254740992.0},
      {"0.1", 0.1},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      {"5e-324", 5e-324},
      {"1e-400", 0},
      {"-1e-400", -0.0},
      {"0e999", 0},
      {"1e00000003", 1000},
      {"+Inf", HUGE_VAL},
      {"Inf", HUGE_VAL},
      {"inf", HUGE_VAL},
      {"-iNf", -HUGE_VAL},
      {"infinity", HUGE_VAL},
      {"-Infinity", -HUGE_VAL},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    double value = 42;
    REQUIRE(Parses(c.text, value));
    CHECK(BitsOf(value) == BitsOf(c.value));
  }
}

TEST_CASE("every NaN becomes the one that is no staleness marker") {
  for (const char* text : {"NaN", "nan", "NAN"}) {
    double value = 0;
    REQUIRE(Parses(text, value));
    CHECK(BitsOf(value) == kNormalNanBits);
  }
}

TEST_CASE("what is no number is refused") {
  for (const char* text :
       {"",     "+",      "-",    ".",      "e5",      "1e",     "1e+",      "--1",  "+-1",
        "-+1",  "1_000",  "0x10", "0x1p-2", "1p3",     "1.2.3",  "12a",      "true", "+nan",
        "-nan", "nan(1)", "infi", "in",     "1e400",   "-1e400", "1e999999", "1,5",  "\x01",
        "1\r",  "Inf1",   "1{",   "++1",    "1e5000x", "nanx",   ".e1",      "+.",   "-.e5"}) {
    CAPTURE(text);
    double value = 0;
    CHECK_FALSE(Parses(text, value));
  }
}

TEST_CASE("the quick way and strtod agree on every decimal") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200000; ++i) {
    std::string text = random() % 3 == 0 ? "-" : "";
    for (size_t digits = 1 + random() % 20; digits > 0; --digits) {
      text += static_cast<char>('0' + random() % 10);
    }
    if (random() % 2 == 0) text.insert(text.size() - random() % 3 % text.size(), ".");
    if (random() % 3 == 0) {
      text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    }
    if (text.starts_with("-.") && text.size() == 2) continue;
    double value = 0;
    CAPTURE(text);
    REQUIRE(Parses(text, value));
    REQUIRE(BitsOf(value) == BitsOf(std::strtod(text.c_str(), nullptr)));
  }
}

TEST_CASE("timestamps are digits that fit into 63 bits") {
  const auto parse = [](const std::string& text, int64_t& value) {
    const char* end = text.data() + text.size();
    return ParseSampleTimestamp(text.data(), end, value) == end;
  };
  int64_t value = 0;
  REQUIRE(parse("1234567890123", value));
  CHECK(value == 1234567890123);
  REQUIRE(parse("005", value));
  CHECK(value == 5);
  REQUIRE(parse("9223372036854775807", value));
  for (const char* text : {"", "+", "-", "+-5", "-5", "+5", "-0", "-9223372036854775808", "1e3",
                           "NaN", "Inf", "1.5", "1_2", "9223372036854775808", "12a", "0x1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse(text, value));
  }
}

TEST_CASE("le and quantile are spelled as in OpenMetrics") {
  const struct {
    const char* text;
    const char* normal;
  } cases[] = {
      {"1", "1.0"},
      {"0", "0.0"},
      {"-1", "-1.0"},
      {"0.5", "0.5"},
      {"10", "10.0"},
      {"+Inf", "+Inf"},
      {"inf", "+Inf"},
      {"-inf", "-Inf"},
      {"NaN", "NaN"},
      {"1e6", "1e+06"},
      {"1000000", "1e+06"},
      {"100000", "100000.0"},
      {"123456.7", "123456.7"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"1e-7", "1e-07"},
      {"2.50", "2.5"},
      {"abc", "abc"},
      {"", ""},
      {"1 2", "1 2"},
      {"1e100", "1e+100"},
      {"1234567.5", "1.2345675e+06"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(NormalizedFloatLabel(c.text) == c.normal);
  }
}

}  // namespace
}  // namespace limpet
