#include "agent/web/target_text.h"

#include "agent/platform/timestamp.h"

namespace limpet {

std::string_view HealthText(TargetHealth health) {
  switch (health) {
    case TargetHealth::kUp:
      return "up";
    case TargetHealth::kDown:
      return "down";
    case TargetHealth::kUnknown:
      break;
  }
  return "unknown";
}

std::string ScrapeTimeText(int64_t wall_ms) {
  return wall_ms == 0 ? "0001-01-01T00:00:00Z" : FormatTimestamp(wall_ms);
}

std::string GlobalUrl(const std::string& scrape_url, const std::string& host_name) {
  const size_t scheme_end = scrape_url.find("://");
  if (scheme_end == std::string::npos || host_name.empty()) return scrape_url;
  const size_t begin = scheme_end + 3;
  const std::string authority =
      scrape_url.substr(begin, scrape_url.find_first_of("/?#", begin) - begin);
  for (const std::string_view loopback : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!authority.starts_with(loopback)) continue;
    if (authority.size() > loopback.size() && authority[loopback.size()] != ':') continue;
    return scrape_url.substr(0, begin) + host_name + scrape_url.substr(begin + loopback.size());
  }
  return scrape_url;
}

}  // namespace limpet
