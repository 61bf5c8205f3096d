#include "agent/platform/timestamp.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

namespace limpet {
namespace {

bool Take(char c, std::string_view& rest) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

// Exactly so many digits; nothing where they are not there or above `max`.
std::optional<int> TakeNumber(size_t digits, int max, std::string_view& rest) {
  int number = 0;
  const std::string_view text = rest.substr(0, digits);
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = text.size() == digits && stop == text.data() + digits && text.front() != '-';
  if (error != std::errc() || !all || number > max) return std::nullopt;
  rest.remove_prefix(digits);
  return number;
}

// "22:13:20.123" in milliseconds.
std::optional<int64_t> TakeClock(std::string_view& rest) {
  const auto hour = TakeNumber(2, 23, rest);
  if (!hour || !Take(':', rest)) return std::nullopt;
  const auto minute = TakeNumber(2, 59, rest);
  if (!minute || !Take(':', rest)) return std::nullopt;
  const auto second = TakeNumber(2, 60, rest);
  if (!second) return std::nullopt;
  int64_t ms = ((*hour * 60 + *minute) * 60 + *second) * int64_t{1000};
  if (!Take('.', rest)) return ms;
  int64_t unit = 100;
  size_t digits = 0;
  for (auto digit = TakeNumber(1, 9, rest); digit; digit = TakeNumber(1, 9, rest)) {
    ms += *digit * unit;
    unit /= 10;
    ++digits;
  }
  return digits == 0 ? std::nullopt : std::optional(ms);
}

// "Z" or "+01:00" in milliseconds.
std::optional<int64_t> TakeOffset(std::string_view& rest) {
  if (Take('Z', rest) || Take('z', rest)) return 0;
  const bool west = Take('-', rest);
  if (!west && !Take('+', rest)) return std::nullopt;
  const auto hour = TakeNumber(2, 23, rest);
  if (!hour || !Take(':', rest)) return std::nullopt;
  const auto minute = TakeNumber(2, 59, rest);
  if (!minute) return std::nullopt;
  const int64_t ms = (*hour * 60 + *minute) * int64_t{60'000};
  return west ? -ms : ms;
}

std::optional<int64_t> ParseRfc3339(std::string_view rest) {
  const auto year = TakeNumber(4, 9999, rest);
  if (!year || !Take('-', rest)) return std::nullopt;
  const auto month = TakeNumber(2, 12, rest);
  if (!month || !Take('-', rest)) return std::nullopt;
  const auto day = TakeNumber(2, 31, rest);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  const std::chrono::milliseconds midnight = std::chrono::sys_days(date).time_since_epoch();
  if (rest.empty()) return midnight.count();
  if (!Take('T', rest) && !Take('t', rest) && !Take(' ', rest)) return std::nullopt;
  const auto clock = TakeClock(rest);
  if (!clock) return std::nullopt;
  const auto offset = TakeOffset(rest);
  if (!offset || !rest.empty()) return std::nullopt;
  return midnight.count() + *clock - *offset;
}

}  // namespace

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

Result<int64_t> ParseTimestamp(std::string_view text) {
  int64_t ms = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc() && stop == text.data() + text.size()) return ms;
  if (const auto time = ParseRfc3339(text)) return *time;
  return Error{"expected a time like 2023-11-14T22:13:20Z or milliseconds since 1970, found " +
               std::string(text)};
}

std::string SecondsText(Millis duration) {
  char buffer[32];
  const double seconds = static_cast<double>(duration.count()) / 1000;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, seconds, std::chars_format::fixed);
  return std::string(buffer, end.ptr);
}

}  // namespace limpet
