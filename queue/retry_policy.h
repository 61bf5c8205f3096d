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
//   400                 the same, for the samples that are refused: see    http_400
//                       queue/sender_sift.h
//   401, 403, 404, 407, held and tried slowly, or at once when the         too_old in the end
//   415, 3xx, a 400     credentials change
//   about TLS
//   other 4xx           given up                                           http_<status>
//   anything else       as 5xx
//
// A receiver refuses a whole request for one sample that is out of order, a duplicate with another
// value, too old or out of bounds; so what is sent again after a crash, or one target with odd
// timestamps, would cost everything that shares a batch with it. A 400 therefore drops only the
// samples that the receiver refuses, found by halving.
// Once the head of an answer is there, its status decides, even if the body is cut off behind it.
// Sources: Prometheus Remote-Write 1.0 ("Retries & Backoff"); beyond it, 408 and 429 are retried
// and 401, 403, 404, 407, 415 and redirects held, because a token that is being rotated, a gateway
// that is being changed or a protocol that was chosen wrongly must not cost data. Nor must a client
// certificate, which nginx refuses by a 400 of its own: AnswerStart::IsAboutTls. Answers to
// Remote-Write 2.0 go through queue/sender_protocol.h first, which looks at the counts they bring.
// Redirects are not followed: credentials would go with them.
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

// How long a connection may take to come about, after so many failures in a row: short, so that a
// receiver that is back is found within seconds, but longer now and then, for a name server that
// takes its time.
Millis ConnectTimeout(int failures);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RETRY_POLICY_H_
