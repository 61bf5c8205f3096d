// One lane to a receiver: makes batches of the runs it is given, and carries them in that order.
//
// Who calls it: Sender, on the loop's thread. The callbacks come from the loop or from inside
// SendWhatIsDue.
// Operation: the next batch is made while one is carried. It goes when it is full, or when its
// first sample has waited for batch_send_deadline. When the receiver fails, what was being made is
// compressed and nothing more is taken: a lane then costs two compressed batches of memory.
#ifndef LIMPET_QUEUE_SENDER_LANE_H_
#define LIMPET_QUEUE_SENDER_LANE_H_

#include <functional>
#include <optional>

#include "queue/sender_carrier.h"
#include "queue/sender_checkpoints.h"
#include "queue/sender_link.h"
#include "queue/wire_request.h"
#include "queue/wire_run.h"

namespace limpet {

class SenderLane {
 public:
  struct Callbacks {
    std::function<void()> room;     // a batch was settled
    std::function<void()> failing;  // the receiver does not take a batch for now
  };

  // What it is given references to must outlive it.
  SenderLane(SenderLink& link, SenderCheckpoints& checkpoints, WireMemory& memory,
             const Labels& external_labels, Callbacks callbacks);
  SenderLane(const SenderLane&) = delete;
  SenderLane& operator=(const SenderLane&) = delete;

  void CheckSettings() { carrier_.CheckSettings(); }
  // For batches that are yet to be made.
  void SetExternalLabels(const Labels& labels) { builder_.SetExternalLabels(labels); }
  void ExpireCaches() { builder_.ExpireCaches(); }

  bool HasRoom() const;
  // Takes the run's series from `from` on; returns the first that it has not taken.
  size_t Add(const ScrapeRun& run, size_t from, size_t values_max);
  size_t values_looked_at() const { return builder_.values_looked_at(); }
  // With `all`, what is not due yet too.
  void SendWhatIsDue(bool all);
  // Compresses what is being made.
  void SealAway();
  bool empty() const { return !carrier_.busy() && !waiting_ && builder_.samples() == 0; }

 private:
  struct Sealed {
    Batch batch;
    uint64_t number;
  };

  void OnSettled();
  void Carry(Sealed sealed);
  Sealed Seal();
  void CountWhatWasLeftOut();

  SenderLink& link_;
  SenderCheckpoints& checkpoints_;
  const Callbacks callbacks_;
  RequestBuilder builder_;
  uint64_t number_ = 0;  // of the batch being made
  Timer deadline_;       // of the batch being made
  bool deadline_set_ = false;
  bool due_ = false;
  bool full_ = false;
  bool may_be_resent_ = false;  // some of what is being made
  std::optional<Sealed> waiting_;
  uint64_t carried_ = 0;
  WireCounts left_out_seen_[kLeftOutReasons];
  BatchCarrier carrier_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_LANE_H_
