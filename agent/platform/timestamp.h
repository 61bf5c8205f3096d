// Points in time and durations as text for people, JSON and headers.
//
// Who calls it: logging, web/, what makes requests and the command line; any thread.
//
//   FormatTimestamp(1700000000123) == "2023-11-14T22:13:20.123Z"
#ifndef LIMPET_AGENT_PLATFORM_TIMESTAMP_H_
#define LIMPET_AGENT_PLATFORM_TIMESTAMP_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/platform/clock.h"
#include "agent/platform/result.h"

namespace limpet {

// RFC 3339 in UTC with milliseconds; the time is in milliseconds since the epoch. What does not fit
// years 0 to 9999 comes out as the epoch.
std::string FormatTimestamp(int64_t wall_ms);

// RFC 3339 ("2023-11-14T22:13:20Z", "2023-11-14 23:13:20.5+01:00"), a date alone (its midnight in
// UTC), or milliseconds since the epoch. Digits behind the third of a second are left out.
Result<int64_t> ParseTimestamp(std::string_view text);

// Seconds as Go prints them: "60", "0.5".
std::string SecondsText(Millis duration);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_TIMESTAMP_H_
