// Which of several equal processes is active: a Lease in the API server says so.
//
// Who calls it: main starts it and is told of changes, web/ shows its status; the loop's thread
// only.
// Operation: the rules are LeaseCandidate's; here are the requests, one at a time, and the timers.
// A candidate that cannot reach the API server or is refused goes on trying every retry period. It
// stops being active when its renew deadline is over, by its own steady clock; IsActive says so
// already before the listener has been told (a process that was stopped for a while).
// Limits: an answer has half the renew deadline to come in, and 256 KiB; two writes a try.
//
//   LeaderElection election(loop, SystemClock(), api, {.lease = "limpet", .identity = "limpet-0"},
//                           [&](bool active) { active ? Resume() : Pause(); });
//   election.Start();                       // on standby until the listener hears otherwise
//   election.Release(Millis(300), [&] { loop.Stop(); });
#ifndef LIMPET_DISCOVERY_LEADER_ELECTION_H_
#define LIMPET_DISCOVERY_LEADER_ELECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/platform/event_loop.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_collector.h"
#include "discovery/kubernetes_api.h"
#include "discovery/lease_candidate.h"

namespace limpet {

struct LeaderElectionOptions {
  std::string lease;
  std::string name_space;  // empty: the one this process runs in
  std::string identity;
  LeaseTerms terms;
};

struct LeaderElectionStatus {
  bool active = false;
  std::string api_server;
  std::string name_space;
  std::string lease;
  std::string identity;
  std::string holder;        // as last seen; empty: nobody, or not known
  uint64_t transitions = 0;  // of the lease, as last seen
  uint64_t acquired_total = 0;
  uint64_t lost_total = 0;
  uint64_t renewals_total = 0;  // writes that were taken, the first ones included
  uint64_t failures_total = 0;  // tries that ended in an error
  int64_t last_renewal_ms = 0;  // wall time; 0: never
  int64_t last_latency_ms = 0;  // of the last request that was answered
  std::string last_error;       // empty where the last try went well
};

class LeaderElection {
 public:
  using OnChange = std::function<void(bool active)>;

  LeaderElection(EventLoop& loop, const Clock& clock, std::shared_ptr<KubernetesApi> api,
                 LeaderElectionOptions options, OnChange on_change);
  LeaderElection(const LeaderElection&) = delete;
  LeaderElection& operator=(const LeaderElection&) = delete;

  void Start();
  bool IsActive() const { return candidate_.IsActive(clock_.Now()); }
  // Ends it: a lease that is held is given to whoever comes first. `done` is called once, at the
  // latest after `limit`, never from inside; the listener is not.
  void Release(Millis limit, std::function<void()> done);
  const LeaderElectionStatus& status() const { return status_; }

 private:
  void Try();
  Result<void> Connect();
  void Do(LeaseStep step);
  void Send(HttpRequest request);
  void OnAnswer(Result<HttpAnswer> answer);
  void OnRead(HttpAnswer answer);
  void OnWrite(HttpAnswer answer);
  void Fail(const Error& error);
  void EndTry();
  void TryLater();
  void Notify();
  void OnReleaseRead(HttpAnswer answer);
  void SendRelease(const Lease& lease);
  void Released();
  std::string Path() const;
  std::string NamedPath() const;

  EventLoop& loop_;
  const Clock& clock_;
  const std::shared_ptr<KubernetesApi> api_;
  const LeaderElectionOptions options_;
  const OnChange on_change_;
  LeaseCandidate candidate_;
  LeaderElectionStatus status_;
  Timer try_timer_;
  Timer expiry_;
  std::string logged_;  // the failure that was logged last
  HttpCollector collector_;
  std::unique_ptr<HttpConnection> connection_;
  uint64_t connection_version_ = 0;

  // The try under way.
  SteadyTime begun_;
  SteadyTime sent_;
  LeaseStep step_ = LeaseStep::kWait;
  int writes_ = 0;
  std::function<void()> released_;  // not empty: it is ending
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_LEADER_ELECTION_H_
