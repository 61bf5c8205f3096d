#include "discovery/leader_election.h"

#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/api_error.h"

namespace limpet {
namespace {

constexpr int kWritesMax = 2;
constexpr size_t kShownBytesMax = 256;  // of a name from the lease

}  // namespace

LeaderElection::LeaderElection(EventLoop& loop, const Clock& clock,
                               std::shared_ptr<KubernetesApi> api, LeaderElectionOptions options,
                               OnChange on_change)
    : loop_(loop),
      clock_(clock),
      api_(std::move(api)),
      options_(std::move(options)),
      on_change_(std::move(on_change)),
      candidate_(options_.identity, options_.terms),
      try_timer_(loop),
      expiry_(loop),
      collector_(Lease::kBytesMax,
                 [this](Result<HttpAnswer> answer) { OnAnswer(std::move(answer)); }) {
  status_.name_space = options_.name_space;
  status_.lease = options_.lease;
  status_.identity = options_.identity;
}

void LeaderElection::Start() {
  try_timer_.After(Millis(0), [this] { Try(); });
}

std::string LeaderElection::Path() const {
  return "/apis/coordination.k8s.io/v1/namespaces/" + status_.name_space + "/leases";
}

std::string LeaderElection::NamedPath() const { return Path() + "/" + options_.lease; }

void LeaderElection::Try() {
  begun_ = clock_.Now();
  writes_ = 0;
  step_ = LeaseStep::kWait;
  if (auto connected = Connect(); !connected) return Fail(connected.error());
  Do(candidate_.Begin());
}

Result<void> LeaderElection::Connect() {
  if (auto prepared = api_->Prepare(); !prepared) return prepared;
  status_.api_server = api_->Origin();
  if (options_.name_space.empty()) status_.name_space = api_->identity().own_namespace;
  if (status_.name_space.empty()) {
    return Error{"no namespace known for the Lease: set --leader-election.namespace"};
  }
  if (!connection_ || connection_version_ != api_->version()) {
    connection_ = api_->Connect(loop_);
    connection_version_ = api_->version();
  }
  return {};
}

void LeaderElection::Do(LeaseStep step) {
  step_ = step;
  const bool writes = step == LeaseStep::kCreate || step == LeaseStep::kUpdate;
  if (step == LeaseStep::kWait || (writes && ++writes_ > kWritesMax)) return EndTry();
  if (!writes) return Send(api_->Get(NamedPath()));
  const Lease draft = candidate_.Draft(clock_.Now(), clock_.WallMs());
  std::string text = LeaseText(draft, status_.name_space, options_.lease);
  Send(step == LeaseStep::kCreate ? api_->Write("POST", Path(), std::move(text))
                                  : api_->Write("PUT", NamedPath(), std::move(text)));
}

void LeaderElection::Send(HttpRequest request) {
  sent_ = clock_.Now();
  connection_->Start(std::move(request), sent_ + options_.terms.renew_deadline / 2, collector_);
}

void LeaderElection::OnAnswer(Result<HttpAnswer> answer) {
  if (answer) {
    status_.last_latency_ms = std::chrono::duration_cast<Millis>(clock_.Now() - sent_).count();
  }
  if (released_ && step_ != LeaseStep::kRead) return Released();
  if (!answer) {
    if (step_ != LeaseStep::kRead) candidate_.OnUnknown();
    return released_ ? Released() : Fail(answer.error());
  }
  if (released_) return OnReleaseRead(std::move(*answer));
  step_ == LeaseStep::kRead ? OnRead(std::move(*answer)) : OnWrite(std::move(*answer));
}

void LeaderElection::OnRead(HttpAnswer answer) {
  if (answer.status == 404) return Do(candidate_.OnAbsent());
  if (answer.status != 200) return Fail(ApiError(answer.status, answer.body));
  auto lease = ReadLease(answer.body);
  if (!lease) return Fail(lease.error());
  const LeaseStep next = candidate_.OnFound(std::move(*lease), clock_.Now());
  Notify();
  Do(next);
}

void LeaderElection::OnWrite(HttpAnswer answer) {
  // Another was faster, or somebody has deleted it.
  if (answer.status == 409 || (answer.status == 404 && step_ == LeaseStep::kUpdate)) {
    return Do(candidate_.OnConflict());
  }
  auto lease = answer.status / 100 == 2 ? ReadLease(answer.body)
                                        : Result<Lease>(ApiError(answer.status, answer.body));
  if (!lease) {
    candidate_.OnUnknown();
    return Fail(lease.error());
  }
  candidate_.OnWritten(std::move(*lease));
  ++status_.renewals_total;
  status_.last_renewal_ms = clock_.WallMs();
  EndTry();
}

void LeaderElection::Fail(const Error& error) {
  ++status_.failures_total;
  const std::string verb = step_ == LeaseStep::kWait     ? ""
                           : step_ == LeaseStep::kRead   ? "GET " + NamedPath() + ": "
                           : step_ == LeaseStep::kCreate ? "POST " + Path() + ": "
                                                         : "PUT " + NamedPath() + ": ";
  status_.last_error = verb + error.message;
  api_->Distrust();
  // One line a state, however often it is tried.
  const std::string state = "failing " + std::to_string(error.code);
  if (logged_ != state) {
    LogWarn("leader election is failing, it is tried again", {{"lease", options_.lease},
                                                              {"namespace", status_.name_space},
                                                              {"active", IsActive()},
                                                              {"error", status_.last_error}});
    logged_ = state;
  }
  TryLater();
}

void LeaderElection::EndTry() {
  status_.last_error.clear();
  if (candidate_.name_is_taken()) {
    status_.last_error = "another process has the same --leader-election.identity, " +
                         options_.identity + ", and holds the lease";
  }
  const std::string state = candidate_.name_is_taken() ? "name" : "well";
  if (logged_ != state) {
    if (candidate_.name_is_taken()) {
      LogError("leader election: two processes have one name", {{"error", status_.last_error}});
    } else if (!logged_.empty()) {
      LogInfo("leader election works again", {{"lease", options_.lease}});
    }
    logged_ = state;
  }
  TryLater();
}

void LeaderElection::TryLater() {
  Notify();
  try_timer_.At(std::max(candidate_.NextTry(begun_), clock_.Now()), [this] { Try(); });
}

void LeaderElection::Notify() {
  status_.holder = candidate_.observed().holder.substr(0, kShownBytesMax);
  status_.transitions = candidate_.observed().transitions;
  const bool active = IsActive();
  if (active) {
    expiry_.At(*candidate_.active_until(), [this] {
      candidate_.Expire();
      Notify();
    });
  }
  if (active == status_.active) return;
  status_.active = active;
  ++(active ? status_.acquired_total : status_.lost_total);
  const LogFields fields = {{"lease", options_.lease},
                            {"namespace", status_.name_space},
                            {"identity", options_.identity},
                            {"holder", status_.holder},
                            {"transitions", status_.transitions},
                            {"error", status_.last_error}};
  if (active) {
    LogInfo("leader election: active, scraping begins", fields);
  } else {
    LogWarn("leader election: lost, scraping stops", fields);
  }
  on_change_(active);
}

void LeaderElection::Release(Millis limit, std::function<void()> done) {
  released_ = std::move(done);
  expiry_.Cancel();
  try_timer_.After(limit, [this] { Released(); });
  const bool held = candidate_.active_until().has_value();
  const bool in_flight = connection_ && connection_->busy();
  if (in_flight) {
    connection_->Cancel();
    // A write that is on its way may be taken yet: which version is there has to be asked.
    if (step_ != LeaseStep::kRead) candidate_.OnUnknown();
  }
  const auto lease = candidate_.Release(clock_.WallMs());
  if (lease) return SendRelease(*lease);
  if (!held) {
    try_timer_.After(Millis(0), [this] { Released(); });
    return;
  }
  step_ = LeaseStep::kRead;
  Send(api_->Get(NamedPath()));
}

void LeaderElection::OnReleaseRead(HttpAnswer answer) {
  auto found = ReadLease(answer.body);
  if (answer.status != 200 || !found) return Released();
  (void)candidate_.OnFound(std::move(*found), clock_.Now());
  const auto lease = candidate_.Release(clock_.WallMs());
  if (!lease) return Released();
  SendRelease(*lease);
}

void LeaderElection::SendRelease(const Lease& lease) {
  step_ = LeaseStep::kUpdate;
  Send(api_->Write("PUT", NamedPath(), LeaseText(lease, status_.name_space, options_.lease)));
}

void LeaderElection::Released() {
  try_timer_.Cancel();
  if (const auto done = std::exchange(released_, [] {})) done();
}

}  // namespace limpet
