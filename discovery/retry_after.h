// The Retry-After field of an answer: how long to leave a server alone.
//
// Who calls it: KubernetesWatch, on the loop's thread.
// Forms: seconds, or one of the three dates of RFC 9110, 5.6.7. What is neither, and a date that is
// over, is no time at all; a longer time than `max` is `max`.
#ifndef LIMPET_DISCOVERY_RETRY_AFTER_H_
#define LIMPET_DISCOVERY_RETRY_AFTER_H_

#include <cstdint>
#include <string_view>

#include "agent/platform/clock.h"

namespace limpet {

Millis ParseRetryAfter(std::string_view text, int64_t wall_ms, Millis max);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_RETRY_AFTER_H_
