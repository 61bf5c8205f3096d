#include "agent/scrape/duration_text.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
  bool exact_only;  // written only where nothing remains: 90d rather than 12w6d
};

constexpr int64_t kDayMs = 24 * 3600 * 1000;
constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDayMs, true},
                                         {"w", 7 * kDayMs, true},
                                         {"d", kDayMs, false},
                                         {"h", 3600 * 1000, false},
                                         {"m", 60 * 1000, false},
                                         {"s", 1000, false},
                                         {"ms", 1, false}}};
constexpr int64_t kDurationMsMax = INT64_MAX / 1'000'000;  // Go counts nanoseconds

}  // namespace

Result<Millis> ParseDurationText(std::string_view text) {
  const Error invalid{"not a valid duration: " + QuotedExcerpt(text)};
  if (text == "0") return Millis(0);
  if (text.empty()) return invalid;
  int64_t total = 0;
  size_t next_unit = 0;
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    int64_t number = 0;
    const auto [rest, error] = std::from_chars(p, end, number);
    if (*p == '-' || error != std::errc()) return invalid;
    const char* unit_end = rest;
    while (unit_end != end && *unit_end >= 'a' && *unit_end <= 'z') ++unit_end;
    const std::string_view name(rest, unit_end - rest);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return invalid;
    const int64_t unit_ms = kUnits[next_unit++].ms;
    if (number > (kDurationMsMax - total) / unit_ms) {
      return Error{"duration out of range: " + QuotedExcerpt(text)};
    }
    total += number * unit_ms;
    p = unit_end;
  }
  return Millis(total);
}

std::string DurationText(Millis duration) {
  int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text;
  for (const Unit& unit : kUnits) {
    if (left < unit.ms || (unit.exact_only && left % unit.ms != 0)) continue;
    text += std::to_string(left / unit.ms);
    text += unit.name;
    left %= unit.ms;
  }
  return text;
}

}  // namespace limpet
