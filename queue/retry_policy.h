// What a sender does with each answer to a remote-write request.
//
// Who calls it: the senders; pure functions, any thread.
//
//   answer              what follows                                       reason counted
//   ------------------  -------------------------------------------------  -----------------
//   2xx                 delivered                                          none
//   none (refused,      same body again, after the back-off                too_old in the end
//   reset, time-out)
//   5xx, 408, 429       same, after Retry-After where it is given          too_old in the end
//   413                 the batch in two halves, in order                  http_413 (lone sample)
//   400                 the same, at most 64 times a batch: what is still  http_400
//                       refused then, or alone, is given up
//   401, 403, 404, 3xx  held and tried slowly, or at once when the         too_old in the end
//                       credentials change
//   other 4xx           given up                                           http_<status>
//   anything else       as 5xx
//
// A receiver refuses a whole request for one sample that is out of order, a duplicate with another
// value, too old or out of bounds; so what is sent again after a crash, or one target with odd
// timestamps, would cost everything that shares a batch with it. A 400 therefore drops only the
// samples that the receiver refuses, found by halving. Within a long run of them it is done in
// steps of up to 1/32 of the batch, so that the halvings last to the batch's end; there, and where
// more than a few lie apart, good ones next to them go too.
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

enum class Decision { kDelivered, kRetry, kSplit, kSift, kHold, kDrop };

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
