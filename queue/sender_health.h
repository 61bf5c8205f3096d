// How a receiver is doing: keeps its status and says so in the log when that changes.
//
// Who calls it: the sender of that receiver, on the loop's thread.
// Lines are few even where a receiver changes its mind at every request: one a kind in ten seconds.
#ifndef LIMPET_QUEUE_SENDER_HEALTH_H_
#define LIMPET_QUEUE_SENDER_HEALTH_H_

#include <optional>
#include <string>

#include "agent/platform/clock.h"
#include "queue/remote_write.h"

namespace limpet {

class SenderHealth {
 public:
  SenderHealth(const Clock& clock, ReceiverStatus& status) : clock_(clock), status_(status) {}

  void Up();
  // The batch is kept; `error` holds no secret.
  void Down(const std::string& error);
  // Samples were given up; with an error where the receiver refused them.
  void Dropped(const std::string& reason, uint64_t samples, const std::string& error);

 private:
  static constexpr Millis kQuiet{10'000};
  bool MayLog(std::optional<SteadyTime>& last);

  const Clock& clock_;
  ReceiverStatus& status_;
  std::optional<SteadyTime> down_logged_;
  std::optional<SteadyTime> dropped_logged_;
  bool recovery_is_news_ = false;
  uint64_t dropped_unlogged_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_HEALTH_H_
