// What the log's disk work waits in: one function after the other, on one thread.
//
// Who calls it: LogDisk, from the loop's thread; PostAfter also from inside a function that runs.
// Tests replace it by one that runs functions when told to, so that every interleaving can be had.
#ifndef LIMPET_QUEUE_LOG_DISK_QUEUE_H_
#define LIMPET_QUEUE_LOG_DISK_QUEUE_H_

#include <functional>
#include <memory>
#include <utility>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"

namespace limpet {

class DiskQueue {
 public:
  virtual ~DiskQueue() = default;
  virtual void Post(std::function<void()> function) = 0;
  // In the same order, but right behind other work up to 2 ms later, so that what comes meanwhile
  // is done in one go.
  virtual void PostLazily(std::function<void()> function) { Post(std::move(function)); }
  // Not before `delay` has passed; dropped by Close.
  virtual void PostAfter(Millis delay, std::function<void()> function) = 0;
  // Runs what was posted, for at most `limit`; false where that was not enough. Then the function
  // that is still running is left to itself, and nothing that waits behind it is run any more:
  // functions own what they touch.
  virtual bool Close(Millis limit) = 0;
};

// A thread. Where a file system hangs for good, so does the thread: it is then given up, not
// joined, and ends with the process.
// It is woken at the end of the loop's turn.
std::unique_ptr<DiskQueue> NewDiskThread(EventLoop& loop);

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_DISK_QUEUE_H_
