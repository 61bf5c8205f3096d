// Durations as Prometheus writes and reads them in the labels __scrape_interval__ and
// __scrape_timeout__: 1m30s, 500ms, 0.
//
// Who calls it: making targets, any thread.
// Limits: units y w d h m s ms in this order, each at most once, whole numbers; no more than 292
// years, as in Go.
#ifndef LIMPET_AGENT_SCRAPE_DURATION_TEXT_H_
#define LIMPET_AGENT_SCRAPE_DURATION_TEXT_H_

#include <string>
#include <string_view>

#include "agent/platform/clock.h"
#include "agent/platform/result.h"

namespace limpet {

Result<Millis> ParseDurationText(std::string_view text);
std::string DurationText(Millis duration);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_DURATION_TEXT_H_
