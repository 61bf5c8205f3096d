// What became of samples, native histograms and exemplars, added to a receiver's status.
//
// Who calls it: that receiver's lanes and carriers, on the loop's thread.
// A histogram is counted as a sample, too. Only what a receiver refuses has failed; what is left
// out by a setting, by age or by a rule was dropped, under Prometheus' reasons where it has them.
#ifndef LIMPET_QUEUE_SENDER_COUNTS_H_
#define LIMPET_QUEUE_SENDER_COUNTS_H_

#include "queue/remote_write.h"
#include "queue/sender_health.h"
#include "queue/sender_protocol.h"
#include "queue/wire_request.h"

namespace limpet {

// What a receiver of that configuration gets in messages of that protocol. As Prometheus has it:
// 2.0 always has native histograms, 1.0 has none with custom buckets.
WireContents ContentsFor(const RemoteWriteConfig& config, WireProtocol protocol);

WireCounts operator-(const WireCounts& a, const WireCounts& b);

// Of a batch, by what the receiver says it has written.
WireCounts CountsWritten(const WrittenCounts& written, const Batch& batch);

void CountRetried(const Batch& batch, ReceiverStatus& status);
// Samples sent, and of the batch's histograms and exemplars those too that were not taken.
void CountTaken(const Batch& batch, const WireCounts& taken, ReceiverStatus& status);
// Histograms and exemplars; samples are for SenderHealth::Dropped.
void CountFailed(const WireCounts& failed, ReceiverStatus& status);
// All three.
void CountLeftOut(LeftOut reason, const WireCounts& counts, SenderHealth& health,
                  ReceiverStatus& status);

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_COUNTS_H_
