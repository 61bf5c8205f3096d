// What a sender does with each answer to a remote-write request.
//
// Who calls it: the senders; pure functions, any thread.
//
//   answer                                what follows                                 reason
//   counted
//   ------------------------------------  -------------------------------------------
//   -------------- 2xx                                   delivered none (refused, reset, time-out,
//   TLS)  same body again, after the back-off          too_old in the end 5xx, 408, 429 same, after
//   Retry-After where it is given    too_old in the end 413                                   the
//   batch in two halves, in order            http_413 for a lone sample 401, 403, 404, 3xx held and
//   tried slowly (10 s to 30 s), or at  too_old in the end
//                                         once when the credentials change
//   other 4xx                             given up http_<status> anything else as 5xx
//
// Once the head of an answer is there, its status decides, even if the body is cut off behind it.
// Sources: Prometheus Remote-Write 1.0 ("Retries & Backoff"); beyond it, 408 and 429 are retried
// and 401, 403, 404 and redirects held, because a token that is being rotated or a gateway that is
// being changed must not cost data. Redirects are not followed: credentials would go with them.
#ifndef LIMPET_QUEUE_RETRY_POLICY_H_
#define LIMPET_QUEUE_RETRY_POLICY_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/platform/clock.h"

namespace limpet {

enum class Decision { kDelivered, kRetry, kSplit, kHold, kDrop };

// Status 0 stands for no answer.
Decision Decide(int status);

inline constexpr Millis kRetryAfterMax{5 * 60 * 1000};

// Retry-After as seconds or as an HTTP date (any of the three forms of RFC 9110, 5.6.7), between 0
// and kRetryAfterMax; nothing where it is neither.
std::optional<Millis> ParseRetryAfter(std::string_view text, int64_t wall_ms);

// The wait after `failures` failures in a row (from 1): min doubled each time up to max, of which
// the upper half is left to chance, so that many agents do not come back in step. `random` is in
// [0, 1).
Millis Backoff(int failures, Millis min, Millis max, double random);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RETRY_POLICY_H_
