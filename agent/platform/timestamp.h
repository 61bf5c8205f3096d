// Points in time as text for people and JSON.
//
// Who calls it: logging and web/; any thread.
//
//   FormatTimestamp(1700000000123) == "2023-11-14T22:13:20.123Z"
#ifndef LIMPET_AGENT_PLATFORM_TIMESTAMP_H_
#define LIMPET_AGENT_PLATFORM_TIMESTAMP_H_

#include <cstdint>
#include <string>

namespace limpet {

// RFC 3339 in UTC with milliseconds; the time is in milliseconds since the epoch. What does not fit
// years 0 to 9999 comes out as the epoch.
std::string FormatTimestamp(int64_t wall_ms);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_TIMESTAMP_H_
