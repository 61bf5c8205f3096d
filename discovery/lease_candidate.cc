#include "discovery/lease_candidate.h"

#include <algorithm>
#include <utility>

namespace limpet {
namespace {

constexpr Millis kDurationMax{3'600'000};
constexpr Millis kDurationMin{1'000};
constexpr Millis kReleasedDuration{1'000};  // the API takes none below

}  // namespace

Result<void> CheckLeaseTerms(const LeaseTerms& terms) {
  const std::string prefix = "--leader-election.";
  if (terms.duration < kDurationMin || terms.duration > kDurationMax ||
      terms.duration % std::chrono::seconds(1) != Millis(0)) {
    return Error{prefix + "lease-duration: must be whole seconds, from 1s to 1h"};
  }
  if (terms.retry_period <= Millis(0)) return Error{prefix + "retry-period: must be more than 0"};
  if (terms.renew_deadline >= terms.duration) {
    return Error{prefix + "renew-deadline: must be less than lease-duration"};
  }
  if (terms.renew_deadline * 5 <= terms.retry_period * 6) {
    return Error{prefix + "retry-period: must be less than renew-deadline / 1.2"};
  }
  return {};
}

LeaseCandidate::LeaseCandidate(std::string identity, LeaseTerms terms)
    : identity_(std::move(identity)), terms_(terms) {}

LeaseStep LeaseCandidate::Begin() const {
  return current_ && IsOwn(observed_) ? LeaseStep::kUpdate : LeaseStep::kRead;
}

bool LeaseCandidate::IsOwn(const Lease& lease) const {
  return lease.holder == identity_ && !acquired_.empty() && lease.acquire_time == acquired_;
}

SteadyTime LeaseCandidate::HeldUntil() const {
  Millis duration = observed_.duration > Millis(0) ? observed_.duration : terms_.duration;
  return observed_at_ + std::min(duration, kDurationMax);
}

bool LeaseCandidate::HeldByAnother(SteadyTime now) const {
  if (observed_.holder.empty() || IsOwn(observed_)) return false;
  // The former life of this process does not come back; where it has held the lease itself, another
  // process has its name.
  if (observed_.holder == identity_ && !has_held_) return false;
  return now < HeldUntil();
}

LeaseStep LeaseCandidate::OnFound(Lease lease, SteadyTime now) {
  const bool changed = observed_.metadata.empty() || !lease.SameRecord(observed_);
  observed_ = std::move(lease);
  if (changed) observed_at_ = now;
  current_ = true;
  const bool held = HeldByAnother(now);
  name_is_taken_ = held && observed_.holder == identity_;
  // Whoever else has it, has it now: even before the deadline is over.
  if (!IsOwn(observed_)) active_until_.reset();
  return held ? LeaseStep::kWait : LeaseStep::kUpdate;
}

LeaseStep LeaseCandidate::OnAbsent() {
  observed_ = Lease();
  current_ = false;
  name_is_taken_ = false;
  return LeaseStep::kCreate;
}

Lease LeaseCandidate::Draft(SteadyTime now, int64_t wall_ms) {
  draft_ = observed_;
  draft_.renew_time = MicroTimeText(wall_ms);
  draft_.duration = terms_.duration;
  if (!IsOwn(observed_)) {
    // As client-go, which counts holders and not the lives of one.
    if (!observed_.metadata.empty() && observed_.holder != identity_) ++draft_.transitions;
    draft_.holder = identity_;
    draft_.acquire_time = draft_.renew_time;
  }
  // From here on such a record is this process's own, whatever becomes of the answer.
  acquired_ = draft_.acquire_time;
  sent_ = now;
  return draft_;
}

void LeaseCandidate::OnWritten(Lease lease) {
  // The server may write times in a way of its own.
  acquired_ = lease.acquire_time;
  observed_ = std::move(lease);
  observed_at_ = sent_;
  current_ = has_held_ = true;
  name_is_taken_ = false;
  active_until_ = sent_ + terms_.renew_deadline;
}

LeaseStep LeaseCandidate::OnConflict() {
  const bool was_active = active_until_.has_value();
  current_ = false;
  return was_active ? LeaseStep::kRead : LeaseStep::kWait;
}

void LeaseCandidate::OnUnknown() { current_ = false; }

SteadyTime LeaseCandidate::NextTry(SteadyTime now) const {
  const SteadyTime usual = now + terms_.retry_period;
  if (!current_ || !HeldByAnother(now)) return usual;
  // Not a retry period late where the lease runs out before.
  return std::clamp(HeldUntil(), now, usual);
}

std::optional<Lease> LeaseCandidate::Release(int64_t wall_ms) {
  active_until_.reset();
  if (!current_ || !IsOwn(observed_)) return std::nullopt;
  Lease released = observed_;
  released.holder.clear();
  released.duration = kReleasedDuration;
  released.acquire_time = released.renew_time = MicroTimeText(wall_ms);
  current_ = false;
  return released;
}

}  // namespace limpet
