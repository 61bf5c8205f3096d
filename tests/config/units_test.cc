// Durations and sizes: what is taken, what is refused, how durations print.
#include "agent/config/units.h"

#include <doctest/doctest.h>

#include <random>

namespace limpet {

TEST_CASE("durations") {
  struct Case {
    const char* text;
    int64_t ms;
  };
  for (const Case& c : {Case{"0", 0},
                        {"0s", 0},
                        {"15s", 15'000},
                        {"100ms", 100},
                        {"1h30m", 5'400'000},
                        {"1m1ms", 60'001},
                        {"1d", 86'400'000},
                        {"1w", 604'800'000},
                        {"1y", 31'536'000'000},
                        {"1y2w3d4h5m6s7ms", 31'536'000'000 + 2 * 604'800'000 + 3 * 86'400'000 +
                                                4 * 3'600'000 + 5 * 60'000 + 6'000 + 7},
                        {"90m", 5'400'000},
                        {"0015s", 15'000},
                        {"9223372036854ms", 9'223'372'036'854}}) {
    CAPTURE(c.text);
    const auto duration = ParseDuration(c.text);
    REQUIRE(duration.has_value());
    CHECK(duration->count() == c.ms);
  }
  for (const char* text :
       {"",    "1",   "00", "1.5s", "-1s",   "+1s", "1m1h", "1s1s",   "s",    "1 s",
        " 1s", "1s ", "1S", "1M",   "15sec", "1ns", "1us",  "1h 30m", "1m30", "٣s"}) {
    CAPTURE(text);
    const auto duration = ParseDuration(text);
    REQUIRE(duration.has_error());
    CHECK(duration.error().message ==
          "expected a duration such as 15s, 1m30s or 100ms (units y w d h m s ms)");
  }
  for (const char* text : {"293y", "9223372036855ms", "292y50w", "99999999999999999999s"}) {
    CAPTURE(text);
    const auto duration = ParseDuration(text);
    REQUIRE(duration.has_error());
    CHECK(duration.error().message == "the duration is longer than 292 years");
  }
}

TEST_CASE("durations print as in Prometheus") {
  struct Case {
    int64_t ms;
    const char* text;
  };
  for (const Case& c : {Case{0, "0s"},
                        {15'000, "15s"},
                        {90'000, "1m30s"},
                        {1, "1ms"},
                        {60'001, "1m1ms"},
                        {90 * 86'400'000ll, "90d"},
                        {7 * 86'400'000ll, "1w"},
                        {365 * 86'400'000ll, "1y"},
                        {366 * 86'400'000ll, "366d"},
                        {2 * 365 * 86'400'000ll, "2y"},
                        {3'600'000, "1h"},
                        {-1'500, "-1s500ms"}}) {
    CHECK(FormatDuration(Millis(c.ms)) == c.text);
  }
  std::mt19937_64 random(2);
  for (int i = 0; i < 1000; ++i) {
    const Millis duration(static_cast<int64_t>(random() >> (22 + random() % 40)));
    const auto read = ParseDuration(FormatDuration(duration));
    REQUIRE(read.has_value());
    REQUIRE(*read == duration);
  }
}

TEST_CASE("sizes") {
  struct Case {
    const char* text;
    uint64_t bytes;
  };
  for (const Case& c : {Case{"0", 0},
                        {"0B", 0},
                        {"10B", 10},
                        {"512KB", 512ull << 10},
                        {"512KiB", 512ull << 10},
                        {"64MB", 64ull << 20},
                        {"1GiB", 1ull << 30},
                        {"1.5GB", 3ull << 29},
                        {"0.5KB", 512},
                        {"2TB", 2ull << 40},
                        {"3PiB", 3ull << 50},
                        {"7EB", 7ull << 60},
                        {"9223372036854775807B", INT64_MAX}}) {
    CAPTURE(c.text);
    const auto size = ParseByteSize(c.text);
    REQUIRE(size.has_value());
    CHECK(*size == c.bytes);
  }
  for (const char* text : {"", "10", "B", "KB", "10K", "10Ki", "10kB", "10 MB", "-1MB", "1.MB",
                           ".5MB", "1e3B", "10iB", "10XB", "1MB2KB", "1.0000000000B"}) {
    CAPTURE(text);
    const auto size = ParseByteSize(text);
    REQUIRE(size.has_error());
    CHECK(size.error().message == "expected a size such as 512KB, 64MB or 1GiB, or 0");
  }
  for (const char* text : {"8EB", "9223372036854775808B", "99999999999999999999B"}) {
    CAPTURE(text);
    REQUIRE(ParseByteSize(text).has_error());
    CHECK(ParseByteSize(text).error().message == "the size is larger than 8 EiB");
  }
}

}  // namespace limpet
