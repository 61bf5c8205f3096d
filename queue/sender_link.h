// What the lanes of one receiver share.
//
// Who calls it: Sender owns it and gives it to its lanes; the loop's thread.
#ifndef LIMPET_QUEUE_SENDER_LINK_H_
#define LIMPET_QUEUE_SENDER_LINK_H_

#include <algorithm>
#include <functional>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "queue/sender_gate.h"
#include "queue/sender_health.h"
#include "queue/sender_pace.h"
#include "queue/sender_protocol.h"
#include "queue/sender_requests.h"

namespace limpet {

// How many samples a batch should have at most: fewer after a 413, growing back.
class BatchSize {
 public:
  explicit BatchSize(uint64_t samples_max) : most_(std::max<uint64_t>(samples_max, 1)) {}
  uint64_t samples_max() const { return samples_max_; }
  void Shrink(uint64_t samples) {
    samples_max_ = std::clamp<uint64_t>(samples, 1, most_);
    delivered_ = 0;
  }
  void Delivered() {
    constexpr int kBeforeGrowing = 16;
    if (samples_max_ == most_ || ++delivered_ < kBeforeGrowing) return;
    delivered_ = 0;
    samples_max_ = std::min(samples_max_ * 2, most_);
  }

 private:
  const uint64_t most_;
  uint64_t samples_max_ = most_;
  int delivered_ = 0;
};

struct SenderLink {
  EventLoop& loop;
  const Clock& clock;
  const RemoteWriteConfig& config;
  ReceiverStatus& status;
  SenderHealth health;
  SenderRequests requests;
  SenderGate gate;
  SenderProtocol protocol;
  LanePace pace;
  BatchSize batch_size;
  std::function<bool()> has_backlog;  // the log holds more than the lanes do
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_LINK_H_
