#include "agent/platform/timestamp.h"

#include <chrono>
#include <cstdio>

namespace limpet {

std::string FormatTimestamp(int64_t wall_ms) {
  constexpr int64_t kFirstMs = -62'167'219'200'000;  // 0000-01-01
  constexpr int64_t kLastMs = 253'402'300'799'999;   // 9999-12-31T23:59:59.999
  if (wall_ms < kFirstMs || wall_ms > kLastMs) wall_ms = 0;
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(wall_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

}  // namespace limpet
