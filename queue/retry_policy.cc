#include "queue/retry_policy.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace limpet {

Decision Decide(int status) {
  if (status >= 200 && status < 300) return Decision::kDelivered;
  if (status >= 300 && status < 400) return Decision::kHold;
  switch (status) {
    case 408:
    case 429:
      return Decision::kRetry;
    case 400:
      return Decision::kSift;
    case 413:
      return Decision::kSplit;
    case 401:
    case 403:
    case 404:
    case 407:
    case 415:
      return Decision::kHold;
    default:
      return status >= 400 && status < 500 ? Decision::kDrop : Decision::kRetry;
  }
}

namespace {

std::optional<int64_t> ParseHttpDateMs(const std::string& text) {
  // The last one may pad the day with a space, which %e takes.
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return int64_t{timegm(&parts)} * 1000;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Millis> ParseRetryAfter(std::string_view text, int64_t wall_ms) {
  constexpr size_t kLengthMax = 64;
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty() || text.size() > kLengthMax) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    int64_t seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec == std::errc::result_out_of_range) return kRetryAfterMax;
    return Millis(std::min(seconds, kRetryAfterMax.count() / 1000) * 1000);
  }
  const auto at_ms = ParseHttpDateMs(std::string(text));
  if (!at_ms) return std::nullopt;
  return Millis(std::clamp<int64_t>(*at_ms - wall_ms, 0, kRetryAfterMax.count()));
}

Millis Backoff(int failures, Millis min, Millis max, double random) {
  int64_t wait_ms = std::max<int64_t>(min.count(), 1);
  const int64_t wait_ms_max = std::max<int64_t>(max.count(), wait_ms);
  for (int i = 1; i < failures && wait_ms < wait_ms_max; ++i) wait_ms *= 2;
  wait_ms = std::min(wait_ms, wait_ms_max);
  const int64_t half = wait_ms / 2;
  return Millis(wait_ms - half + static_cast<int64_t>(random * static_cast<double>(half)));
}

Millis ConnectTimeout(int failures) {
  constexpr int kPatientEach = 6;
  return failures % kPatientEach == kPatientEach - 1 ? Millis(12'000) : Millis(4000);
}

}  // namespace limpet
