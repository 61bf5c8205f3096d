#include "discovery/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace limpet {

Millis ParseRetryAfter(std::string_view text, int64_t wall_ms, Millis max) {
  constexpr size_t kBytesMax = 64;
  if (text.empty() || text.size() > kBytesMax) return Millis(0);
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    int64_t seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec == std::errc::result_out_of_range) return max;
    return std::min(max, Millis(std::min(seconds, max.count() / 1000 + 1) * 1000));
  }
  const std::string date(text);
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = strptime(date.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') continue;
    return Millis(std::clamp<int64_t>(int64_t{timegm(&parts)} * 1000 - wall_ms, 0, max.count()));
  }
  return Millis(0);
}

}  // namespace limpet
