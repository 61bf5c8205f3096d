// How many lanes a receiver gets: as many requests at a time as make it faster.
//
// Who calls it: the sender of one receiver, on the loop's thread. No clock of its own.
// Operation: looked at in epochs of at least 200 ms and 4 answers a lane. While there is a backlog
// and the lanes are busy with full batches, half as many again are tried; where that makes delivery
// less than a tenth faster (the receiver, the network or this process is at its limit), half as
// many are tried, and so on as long as fewer deliver as much; then the number stays for 30 s. So
// also where requests come to take twice as long and less is delivered. A request that is refused
// (429, 5xx) or gets no answer halves the lanes. Without a backlog, those that are not needed go
// one by one.
// Source: additive increase and multiplicative decrease, as TCP does it, with the gain measured.
#ifndef LIMPET_QUEUE_SENDER_PACE_H_
#define LIMPET_QUEUE_SENDER_PACE_H_

#include <cstddef>
#include <cstdint>

#include "agent/platform/clock.h"

namespace limpet {

// A request that delivered a batch.
struct LaneAnswer {
  SteadyTime::duration took{};
  uint64_t samples = 0;
  bool full = false;     // the batch was about as large as it may be
  bool backlog = false;  // there is more than the lanes hold
};

class LanePace {
 public:
  LanePace(size_t lanes_min, size_t lanes_max);

  // How many there should be.
  size_t wanted() const { return wanted_; }
  size_t lanes_max() const { return lanes_max_; }
  // There are so many now.
  void OnLanes(size_t lanes, SteadyTime now);
  void OnAnswer(const LaneAnswer& answer, SteadyTime now);
  void OnRefused(SteadyTime now);

 private:
  struct Epoch {
    SteadyTime start{};
    uint64_t answers = 0;
    uint64_t full = 0;
    uint64_t backlog = 0;
    uint64_t samples = 0;
    SteadyTime::duration busy{};
  };
  struct Speed {
    double samples_a_second = 0;
    double seconds_a_request = 0;
  };

  void EndEpoch(SteadyTime now);
  void Grow(const Speed& speed, SteadyTime now);
  // Half of `lanes`, for a look whether they are as fast.
  void TryFewer(size_t lanes, const Speed& speed);
  void Halve(SteadyTime now);

  const size_t lanes_min_;
  const size_t lanes_max_;
  size_t wanted_;
  size_t lanes_;
  Epoch epoch_;
  Speed before_;           // of the epoch before, with as many lanes; 0: there was none
  size_t grown_from_ = 0;  // the lanes were increased from so many; 0: that was judged
  Speed grown_from_speed_;
  int slow_epochs_ = 0;  // in a row
  size_t slowed_from_ = 0;
  Speed slowed_;  // with so many lanes, before fewer were tried; 0: that was judged
  SteadyTime grow_after_{};
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_PACE_H_
