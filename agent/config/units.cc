#include "agent/config/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace limpet {

namespace {

constexpr int64_t kDayMs = 24ll * 60 * 60 * 1000;

constexpr std::array<std::pair<std::string_view, int64_t>, 7> kDurationUnits = {{
    {"y", 365 * kDayMs},
    {"w", 7 * kDayMs},
    {"d", kDayMs},
    {"h", 60 * 60 * 1000},
    {"m", 60 * 1000},
    {"s", 1000},
    {"ms", 1},
}};
constexpr int64_t kDurationMsMax = INT64_MAX / 1'000'000;

constexpr std::array<std::string_view, 7> kSizePrefixes = {"", "K", "M", "G", "T", "P", "E"};
constexpr size_t kFractionDigitsMax = 9;

// Takes what is made of these characters off the front.
std::string_view Take(std::string_view& text, std::string_view characters) {
  const size_t length = std::min(text.find_first_not_of(characters), text.size());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

Error NotADuration() {
  return Error{"expected a duration such as 15s, 1m30s or 100ms (units y w d h m s ms)"};
}

Error NotASize() { return Error{"expected a size such as 512KB, 64MB or 1GiB, or 0"}; }

}  // namespace

Result<Millis> ParseDuration(std::string_view text) {
  if (text == "0") return Millis(0);
  if (text.empty()) return NotADuration();
  size_t next_unit = 0;
  int64_t total_ms = 0;
  while (!text.empty()) {
    const std::string_view digits = Take(text, kDigits);
    const std::string_view unit = Take(text, kLetters);
    while (next_unit < kDurationUnits.size() && kDurationUnits[next_unit].first != unit) {
      ++next_unit;
    }
    if (digits.empty() || next_unit == kDurationUnits.size()) return NotADuration();
    const int64_t unit_ms = kDurationUnits[next_unit].second;
    ++next_unit;
    int64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || count > (kDurationMsMax - total_ms) / unit_ms) {
      return Error{"the duration is longer than 292 years"};
    }
    total_ms += count * unit_ms;
  }
  return Millis(total_ms);
}

std::string FormatDuration(Millis duration) {
  int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string out = rest < 0 ? "-" : "";
  for (const auto& [unit, unit_ms] : kDurationUnits) {
    // "90d" reads better than "12w6d".
    const bool only_exact = unit == "y" || unit == "w";
    if (only_exact && rest % unit_ms != 0) continue;
    const int64_t count = rest / unit_ms;
    if (count == 0) continue;
    out += std::to_string(count < 0 ? -count : count);
    out += unit;
    rest %= unit_ms;
  }
  return out;
}

Result<uint64_t> ParseByteSize(std::string_view text) {
  if (text == "0") return uint64_t{0};
  const std::string_view whole = Take(text, kDigits);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = Take(text, kDigits);
    if (fraction.empty() || fraction.size() > kFractionDigitsMax) return NotASize();
  }
  if (whole.empty() || !text.ends_with('B')) return NotASize();
  text.remove_suffix(1);
  if (text.size() > 1 && text.ends_with('i')) text.remove_suffix(1);
  unsigned shift = 0;
  for (const std::string_view prefix : kSizePrefixes) {
    if (prefix == text) break;
    shift += 10;
  }
  if (shift > 60) return NotASize();

  uint64_t count = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  if (error != std::errc() || count > static_cast<uint64_t>(INT64_MAX) >> shift) {
    return Error{"the size is larger than 8 EiB"};
  }
  __extension__ using Wide = unsigned __int128;
  Wide numerator = 0;
  Wide denominator = 1;
  for (const char digit : fraction) {
    numerator = numerator * 10 + static_cast<unsigned>(digit - '0');
    denominator *= 10;
  }
  const auto part = static_cast<uint64_t>((numerator << shift) / denominator);
  return (count << shift) + part;
}

}  // namespace limpet
