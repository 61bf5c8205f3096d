// Durations and sizes as Prometheus writes and reads them.
//
// Who calls it: config/ to read, pages and logs to print; any thread.
// Durations: "1h30m", "15s", "100ms", "0": y (365 days) w d h m s ms in this order, each once,
// whole numbers. Sizes: a number and B, KB, MB, GB, TB, PB, EB or the same with iB, all powers of
// 1024 as in Prometheus (units.Base2Bytes), or 0.
//
//   FormatDuration(Millis(90'000)) == "1m30s"
#ifndef LIMPET_AGENT_CONFIG_UNITS_H_
#define LIMPET_AGENT_CONFIG_UNITS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/platform/clock.h"
#include "agent/platform/result.h"

namespace limpet {

// Errors do not quote the text. At most 2^63 - 1 nanoseconds, as in Prometheus.
Result<Millis> ParseDuration(std::string_view text);
// As Prometheus prints a duration: 0s, 15s, 1m30s, 90d; years and weeks only where nothing remains.
std::string FormatDuration(Millis duration);

// At most 2^63 - 1 bytes.
Result<uint64_t> ParseByteSize(std::string_view text);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_UNITS_H_
