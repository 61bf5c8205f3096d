// Who of a receiver's lanes may send a request now.
//
// Who calls it: the carriers of one receiver's lanes, on the loop's thread, before each request and
// with its outcome.
// Operation: while the receiver works, all may. Once it fails, the gate is closed for all lanes:
// when the back-off (or Retry-After) is over, the one that has waited longest tries alone, and only
// its success opens the gate. Answers to requests that were sent before it closed do not open it;
// a Retry-After among them still counts. One that asks to be alone (to offer a protocol) keeps the
// others waiting until its outcome is there.
// Sources: Remote-Write 1.0 and 2.0, "Retries & Backoff".
#ifndef LIMPET_QUEUE_SENDER_GATE_H_
#define LIMPET_QUEUE_SENDER_GATE_H_

#include <deque>
#include <functional>
#include <optional>
#include <random>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"

namespace limpet {

class GateUser {
 public:
  virtual ~GateUser() = default;
  // It was told to wait and may ask again.
  virtual void OnGate() = 0;
};

class SenderGate {
 public:
  struct Callbacks {
    std::function<bool()> credentials_changed;  // those sent last were refused, are there others?
    std::function<void()> opened;
  };

  SenderGate(EventLoop& loop, const Clock& clock, const QueueConfig& queue, Callbacks callbacks);
  SenderGate(const SenderGate&) = delete;
  SenderGate& operator=(const SenderGate&) = delete;

  // Whether it may send now; otherwise its OnGate is called in time.
  bool Enter(GateUser& user, bool alone);
  // It was let in, or called, and has nothing to send after all.
  void Leave(GateUser& user);
  // It goes away; nobody is called.
  void Forget(GateUser& user);

  // The outcomes of a request. The receiver gave an answer that settles something:
  void Answered(GateUser& user);
  // It may work later; `started` is when the request that could not even be connected began.
  void Retry(GateUser& user, std::optional<Millis> retry_after, std::optional<SteadyTime> started);
  // It will not work before something is changed: tried slowly, or once the credentials change.
  void Hold(GateUser& user);

  bool failing() const { return failures_ > 0; }
  int failures() const { return failures_; }
  // Failing, and somebody will find out when that ends.
  bool closed() const { return failing() && (prober_ != nullptr || !waiting_.empty()); }

 private:
  void Fail(GateUser& user, Millis wait, bool hold);
  double Random();
  void SetTimer();
  void OnTimer();
  void LetOneTry();
  bool Wait(GateUser& user);

  const Clock& clock_;
  const QueueConfig& queue_;
  const Callbacks callbacks_;
  Timer timer_;
  std::minstd_rand random_;
  std::deque<GateUser*> waiting_;
  GateUser* prober_ = nullptr;
  GateUser* alone_ = nullptr;
  int failures_ = 0;  // in a row
  bool held_ = false;
  SteadyTime until_{};
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_GATE_H_
