// How far a receiver has everything, while several batches are on their way at once.
//
// Who calls it: the sender of that receiver, on the loop's thread.
// Operation: a batch gets a number when its first sample goes in. A place in the log is safe once
// every batch that had been begun when the log was read up to there is settled; batches begun later
// do not matter to it. Memory: a number an open batch, and at most as many places.
//
//   const uint64_t batch = checkpoints.Begin();
//   checkpoints.Reached(reader->position());
//   checkpoints.Settle(batch);
//   if (auto safe = checkpoints.TakeSafe()) reader->Acknowledge(*safe);
#ifndef LIMPET_QUEUE_SENDER_CHECKPOINTS_H_
#define LIMPET_QUEUE_SENDER_CHECKPOINTS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "queue/log.h"

namespace limpet {

class SenderCheckpoints {
 public:
  uint64_t Begin() {
    open_.insert(++newest_);
    return newest_;
  }
  void Settle(uint64_t batch) { open_.erase(batch); }
  // Everything before `position` is in batches that were begun, or needs none.
  void Reached(LogPosition position) {
    if (places_.empty() || places_.back().newest != newest_) places_.push_back({newest_, position});
    places_.back().position = position;
  }
  // The farthest safe place, unless it was given out before.
  std::optional<LogPosition> TakeSafe() {
    std::optional<LogPosition> safe;
    while (!places_.empty() && (open_.empty() || *open_.begin() > places_.front().newest)) {
      safe = places_.front().position;
      places_.pop_front();
    }
    if (safe == given_) return std::nullopt;
    if (safe) given_ = safe;
    return safe;
  }

 private:
  struct Place {
    uint64_t newest;  // the last batch that was begun
    LogPosition position;
  };
  uint64_t newest_ = 0;
  std::set<uint64_t> open_;
  std::deque<Place> places_;
  std::optional<LogPosition> given_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_CHECKPOINTS_H_
