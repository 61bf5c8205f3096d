// Who may be active, decided from a Lease that all candidates read and write: the rules alone,
// without a clock, a timer or a connection of their own.
//
// Who calls it: LeaderElection, on the loop's thread; tests with a time of theirs.
// Operation, as in Kubernetes' client-go: the holder renews the lease every retry period. Another
// takes it over once the record has not changed for the holder's lease duration, counted from when
// this process last saw it change: no clock but its own counts, so clocks of nodes may differ. Each
// write names the version that it replaces; of two at once one is refused. A holder is active until
// the renew deadline, counted from when the last renewal that was taken was *sent*: before any
// other may take over, however long the answer was on its way.
// A record with this candidate's own name that it has not written itself is another process of the
// same name: at the start its former life, whose lease it goes on with; later one that must not be,
// and whose lease it respects.
#ifndef LIMPET_DISCOVERY_LEASE_CANDIDATE_H_
#define LIMPET_DISCOVERY_LEASE_CANDIDATE_H_

#include <optional>
#include <string>

#include "agent/platform/clock.h"
#include "agent/platform/result.h"
#include "discovery/lease.h"

namespace limpet {

struct LeaseTerms {
  Millis duration{15'000};  // whole seconds, at most an hour
  Millis renew_deadline{10'000};
  Millis retry_period{2'000};
  friend bool operator==(const LeaseTerms&, const LeaseTerms&) = default;
};

// As client-go: duration > renew_deadline > 1.2 * retry_period > 0. The error names the option.
Result<void> CheckLeaseTerms(const LeaseTerms& terms);

enum class LeaseStep { kWait, kRead, kCreate, kUpdate };

class LeaseCandidate {
 public:
  LeaseCandidate(std::string identity, LeaseTerms terms);

  // What a try begins with.
  LeaseStep Begin() const;
  // What follows an answer to kRead.
  LeaseStep OnFound(Lease lease, SteadyTime now);
  LeaseStep OnAbsent();
  // What to write, for kCreate and kUpdate; to be sent now.
  Lease Draft(SteadyTime now, int64_t wall_ms);
  // Answers to a draft: taken; another was faster; anything else, which leaves open whether it was
  // taken.
  void OnWritten(Lease lease);
  LeaseStep OnConflict();
  void OnUnknown();

  bool IsActive(SteadyTime now) const { return active_until_ && now < *active_until_; }
  // When it ends unless the lease is renewed; none where it is not active.
  std::optional<SteadyTime> active_until() const { return active_until_; }
  // To be called once `active_until` is over.
  void Expire() { active_until_.reset(); }
  SteadyTime NextTry(SteadyTime now) const;

  // What gives the lease to whoever comes first; nothing where this candidate is not known to hold
  // it in this version. It is not active any more.
  std::optional<Lease> Release(int64_t wall_ms);

  const std::string& identity() const { return identity_; }
  const LeaseTerms& terms() const { return terms_; }
  // As last seen; without metadata: none yet.
  const Lease& observed() const { return observed_; }
  // Another process has this candidate's name and the lease.
  bool name_is_taken() const { return name_is_taken_; }

 private:
  bool IsOwn(const Lease& lease) const;
  bool HeldByAnother(SteadyTime now) const;
  SteadyTime HeldUntil() const;

  const std::string identity_;
  const LeaseTerms terms_;
  Lease observed_;
  SteadyTime observed_at_;  // when the record was last seen to change
  bool current_ = false;    // observed_ is what the server has, as far as is known
  bool name_is_taken_ = false;
  Lease draft_;
  SteadyTime sent_;
  std::string acquired_;   // acquireTime of this process's own holding
  bool has_held_ = false;  // it has held the lease, or does
  std::optional<SteadyTime> active_until_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_LEASE_CANDIDATE_H_
