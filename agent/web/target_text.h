// How a target's properties are written, in the API and on the page.
//
// Who calls it: web/; any thread.
// Source: Prometheus' /api/v1/targets (health, globalUrl, zero time).
#ifndef LIMPET_AGENT_WEB_TARGET_TEXT_H_
#define LIMPET_AGENT_WEB_TARGET_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/scrape/scrape_manager.h"

namespace limpet {

std::string_view HealthText(TargetHealth health);

// RFC 3339; Go's zero time where there was none yet (0).
std::string ScrapeTimeText(int64_t wall_ms);

// The URL with a loopback host replaced by this machine's name, for a reader elsewhere.
std::string GlobalUrl(const std::string& scrape_url, const std::string& host_name);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_TARGET_TEXT_H_
