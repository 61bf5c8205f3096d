// Which Remote-Write protocol a receiver gets, and what its answers say of that.
//
// Who calls it: the sender of one receiver and its lanes, on the loop's thread.
// Operation (protobuf_message: auto): 2.0 is offered with one batch. The receiver is settled on 2.0
// when it answers 2xx with written counts, and on 1.0 when it answers
//   415, or 400 without having written any;
//   2xx without the counts: it looked for 1.0 fields, found none and stored nothing;
//   2xx with a count of zero, unless it has reported others before (all may have been duplicates).
// The batch that found out is sent again as 1.0. Once settled on 2.0, a 415 and a 2xx without
// counts lead back to 1.0 likewise. Settled on 1.0, 2.0 is offered again after a day, and when a
// request found no receiver: what comes back may be another version of it. A 415 to 1.0 asks for
// 2.0. With a protocol that the configuration sets, nothing is tried: a receiver that does not take
// it holds its data.
// Source: Remote-Write 2.0, "Required Written Response Headers", "Partial Write", "Backward
// compatibility".
#ifndef LIMPET_QUEUE_SENDER_PROTOCOL_H_
#define LIMPET_QUEUE_SENDER_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "queue/wire_batch.h"

namespace limpet {

// X-Prometheus-Remote-Write-*-Written of one answer; nothing where it is missing or no number.
struct WrittenCounts {
  std::optional<uint64_t> samples;
  std::optional<uint64_t> histograms;
  std::optional<uint64_t> exemplars;

  bool any() const { return samples || histograms || exemplars; }
  // Of what a batch counts as samples. Saturates.
  uint64_t Samples() const;
};

// Digits alone, and not more than fit.
std::optional<uint64_t> ParseWrittenCount(std::string_view text);

enum class ProtocolVerdict {
  kByStatus,       // the protocol is no question: see queue/retry_policy.h
  kWritten,        // what the counts say was stored, the rest was refused for good
  kOtherProtocol,  // again, as the protocol that is present now
  kNotSpoken,      // not stored, and no other protocol is allowed
};

std::string_view MessageName(WireProtocol protocol);

class SenderProtocol {
 public:
  explicit SenderProtocol(RemoteWriteMessage configured);

  WireProtocol present() const { return present_; }
  // False while the present one is an offer, which goes alone.
  bool settled() const { return settled_; }
  // What the next batch is to be written in; this is where 2.0 is offered again.
  WireProtocol ForNextBatch(SteadyTime now);

  // An answer to a batch of that protocol and so many samples.
  ProtocolVerdict OnAnswer(WireProtocol protocol, int status, const WrittenCounts& written,
                           uint64_t samples, SteadyTime now);
  void OnNoAnswer();

  // What the receiver has told so far, for its next sender.
  bool has_reported() const { return has_reported_; }

 private:
  ProtocolVerdict Refused(SteadyTime now);
  ProtocolVerdict OnAnswerToV1(int status);

  const bool auto_;
  WireProtocol present_;
  bool settled_;
  bool has_reported_ = false;
  bool lost_ = false;  // since it was settled
  SteadyTime ask_at_{};
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_PROTOCOL_H_
