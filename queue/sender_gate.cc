#include "queue/sender_gate.h"

#include <algorithm>
#include <utility>

#include "queue/retry_policy.h"

namespace limpet {
namespace {

constexpr Millis kHoldMin{4000};  // Backoff leaves the upper half to chance: 2 s to 4 s at first
constexpr Millis kHoldMax{30'000};
constexpr Millis kHoldLook{1000};  // how often it is looked whether the credentials changed

}  // namespace

SenderGate::SenderGate(EventLoop& loop, const Clock& clock, const QueueConfig& queue,
                       Callbacks callbacks)
    : clock_(clock),
      queue_(queue),
      callbacks_(std::move(callbacks)),
      timer_(loop),
      random_(std::random_device{}()) {}

bool SenderGate::Wait(GateUser& user) {
  if (std::find(waiting_.begin(), waiting_.end(), &user) == waiting_.end()) {
    waiting_.push_back(&user);
  }
  return false;
}

bool SenderGate::Enter(GateUser& user, bool alone) {
  if (failing() && prober_ == nullptr && waiting_.empty() && clock_.Now() >= until_) {
    prober_ = &user;
  }
  const GateUser* first = failing() ? prober_ : alone_;
  if (first != &user && (failing() || first != nullptr)) return Wait(user);
  if (alone) alone_ = &user;
  return true;
}

void SenderGate::Forget(GateUser& user) {
  std::erase(waiting_, &user);
  if (prober_ == &user) prober_ = nullptr;
  if (alone_ == &user) alone_ = nullptr;
}

void SenderGate::Leave(GateUser& user) {
  const bool was_first = prober_ == &user || alone_ == &user;
  Forget(user);
  if (!was_first) return;
  if (failing()) return SetTimer();
  for (GateUser* other : std::exchange(waiting_, {})) other->OnGate();
}

void SenderGate::Answered(GateUser& user) {
  if (alone_ == &user) alone_ = nullptr;
  if (failing() && prober_ != &user) return;
  const bool opens = failing();
  prober_ = nullptr;
  failures_ = 0;
  timer_.Cancel();
  for (GateUser* other : std::exchange(waiting_, {})) other->OnGate();
  if (opens) callbacks_.opened();
}

double SenderGate::Random() { return std::uniform_real_distribution<double>(0, 1)(random_); }

void SenderGate::Retry(GateUser& user, std::optional<Millis> retry_after,
                       std::optional<SteadyTime> started) {
  if (retry_after) return Fail(user, std::max(*retry_after, queue_.min_backoff), false);
  Millis wait = Backoff(failures_ + 1, queue_.min_backoff, queue_.max_backoff, Random());
  if (started) {
    wait -= std::chrono::duration_cast<Millis>(clock_.Now() - *started);
    wait = std::max(wait, queue_.min_backoff);
  }
  // One of several that fail together does not make it later for the others.
  if (failing() && prober_ != &user) wait = Millis(0);
  Fail(user, wait, false);
}

void SenderGate::Hold(GateUser& user) {
  const bool adds = failing() && prober_ != &user;
  Fail(user, adds ? Millis(0) : Backoff(failures_ + 1, kHoldMin, kHoldMax, Random()), true);
}

void SenderGate::Fail(GateUser& user, Millis wait, bool hold) {
  if (alone_ == &user) alone_ = nullptr;
  const SteadyTime until = clock_.Now() + wait;
  if (!failing() || prober_ == &user) {
    if (failures_ < INT32_MAX) ++failures_;
    until_ = until;
    held_ = hold;
    prober_ = nullptr;
  } else {
    until_ = std::max(until_, until);
  }
  std::erase(waiting_, &user);
  waiting_.push_front(&user);
  SetTimer();
}

void SenderGate::SetTimer() {
  if (prober_ != nullptr) return;
  const auto left = std::chrono::ceil<Millis>(until_ - clock_.Now());
  const Millis wait = std::max(left, Millis(0));
  timer_.After(held_ ? std::min(wait, kHoldLook) : wait, [this] { OnTimer(); });
}

void SenderGate::OnTimer() {
  if (prober_ != nullptr || !failing()) return;
  if (clock_.Now() < until_ && !(held_ && callbacks_.credentials_changed())) return SetTimer();
  LetOneTry();
}

void SenderGate::LetOneTry() {
  // With nobody there, the next one that comes is let in.
  if (waiting_.empty()) return;
  prober_ = waiting_.front();
  waiting_.pop_front();
  prober_->OnGate();
}

}  // namespace limpet
