// The rules of the lease, with an API server that is a variable and a time that a test sets.
#include "discovery/lease_candidate.h"

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

namespace limpet {
namespace {

// The object as the API server has it: it refuses what was not made from its present version.
class Server {
 public:
  std::optional<Lease> Get() const { return stored_; }
  // Nothing where another was faster.
  std::optional<Lease> Write(LeaseStep step, Lease lease) {
    const bool creates = step == LeaseStep::kCreate;
    if (creates == stored_.has_value()) return std::nullopt;
    if (!creates && lease.metadata != stored_->metadata) return std::nullopt;
    lease.metadata = std::to_string(++version_);
    stored_ = lease;
    return stored_;
  }
  void Put(Lease lease) {
    lease.metadata = std::to_string(++version_);
    stored_ = std::move(lease);
  }
  void Delete() { stored_.reset(); }

 private:
  std::optional<Lease> stored_;
  uint64_t version_ = 0;
};

const SteadyTime kStart{std::chrono::hours(1)};

class Process {
 public:
  Process(Server& server, std::string name, int64_t wall_skew_ms = 0, LeaseTerms terms = {})
      : candidate(std::move(name), terms), server_(server), wall_skew_ms_(wall_skew_ms) {}

  // One try with an API server that answers.
  void Try(Millis at) {
    const SteadyTime now = kStart + at;
    LeaseStep step = candidate.Begin();
    for (int requests = 0; step != LeaseStep::kWait && requests < 6; ++requests) {
      if (step == LeaseStep::kRead) {
        const auto found = server_.Get();
        step = found ? candidate.OnFound(*found, now) : candidate.OnAbsent();
        continue;
      }
      const auto written =
          server_.Write(step, candidate.Draft(now, at.count() + 1'000'000 + wall_skew_ms_));
      if (written) return candidate.OnWritten(*written);
      step = candidate.OnConflict();
    }
  }
  // One whose write is taken or not, and whose answer does not come.
  void TryUnanswered(Millis at, bool is_taken) {
    const SteadyTime now = kStart + at;
    LeaseStep step = candidate.Begin();
    if (step == LeaseStep::kRead) step = candidate.OnFound(*server_.Get(), now);
    REQUIRE(step == LeaseStep::kUpdate);
    const Lease draft = candidate.Draft(now, at.count() + 1'000'000 + wall_skew_ms_);
    if (is_taken) REQUIRE(server_.Write(step, draft));
    candidate.OnUnknown();
  }
  bool ActiveAt(Millis at) const { return candidate.IsActive(kStart + at); }

  LeaseCandidate candidate;

 private:
  Server& server_;
  const int64_t wall_skew_ms_;
};

Millis S(double seconds) { return Millis(static_cast<int64_t>(seconds * 1000)); }

TEST_CASE("the first one acquires it and renews, the second waits") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  a.Try(S(0));
  CHECK(a.ActiveAt(S(0)));
  CHECK(server.Get()->holder == "a");
  CHECK(server.Get()->duration == S(15));
  CHECK(server.Get()->transitions == 0);
  const std::string acquired = server.Get()->acquire_time;
  CHECK(server.Get()->renew_time == acquired);
  for (int second = 1; second < 60; second += 2) {
    a.Try(S(second));
    b.Try(S(second + 0.5));
    CHECK(a.ActiveAt(S(second + 1)));
    CHECK_FALSE(b.ActiveAt(S(second + 1)));
  }
  CHECK(server.Get()->acquire_time == acquired);
  CHECK(server.Get()->renew_time > acquired);
  CHECK(b.candidate.observed().holder == "a");
  CHECK(b.candidate.Begin() == LeaseStep::kRead);
  CHECK(a.candidate.Begin() == LeaseStep::kUpdate);
}

TEST_CASE("a lease that is not renewed is taken over when it has run out, and not before") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  a.Try(S(0));
  b.Try(S(1));
  CHECK(a.ActiveAt(S(9.999)));
  CHECK_FALSE(a.ActiveAt(S(10)));
  b.Try(S(15.9));
  CHECK_FALSE(b.ActiveAt(S(15.9)));
  // The next try comes when the lease ends, not a retry period after the last.
  CHECK(b.candidate.NextTry(kStart + S(15.9)) == kStart + S(16));
  b.Try(S(16));
  CHECK(b.ActiveAt(S(16)));
  CHECK(server.Get()->holder == "b");
  CHECK(server.Get()->transitions == 1);
  // The former holder finds out with its next try.
  a.Try(S(17));
  CHECK_FALSE(a.ActiveAt(S(17)));
  CHECK(a.candidate.observed().holder == "b");
  CHECK_FALSE(a.candidate.name_is_taken());
}

TEST_CASE("clocks of nodes may differ by any amount") {
  for (const int64_t skew_ms : {int64_t{-86'400'000}, int64_t{0}, int64_t{86'400'000}}) {
    Server server;
    Process a(server, "a", skew_ms);
    Process b(server, "b");
    a.Try(S(0));
    for (int second = 1; second < 40; second += 2) {
      b.Try(S(second));
      a.Try(S(second + 1));
      CHECK_FALSE(b.ActiveAt(S(second + 1)));
    }
    b.Try(S(41));
    b.Try(S(55.9));
    CHECK_FALSE(b.ActiveAt(S(56)));
    b.Try(S(56));
    CHECK(b.ActiveAt(S(56)));
  }
}

TEST_CASE("a record that somebody touches without renewing it counts as unchanged") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  a.Try(S(0));
  b.Try(S(1));
  server.Put(*server.Get());  // another version: a label, say
  b.Try(S(10));
  b.Try(S(16));
  CHECK(b.ActiveAt(S(16)));
}

TEST_CASE("of two that take over at once one is refused") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  Process c(server, "c");
  a.Try(S(0));
  b.Try(S(1));
  c.Try(S(1));
  const auto found = *server.Get();
  const SteadyTime now = kStart + S(20);
  REQUIRE(b.candidate.OnFound(found, now) == LeaseStep::kUpdate);
  REQUIRE(c.candidate.OnFound(found, now) == LeaseStep::kUpdate);
  const auto of_b = server.Write(LeaseStep::kUpdate, b.candidate.Draft(now, 1));
  const auto of_c = server.Write(LeaseStep::kUpdate, c.candidate.Draft(now, 1));
  REQUIRE(of_b);
  REQUIRE_FALSE(of_c);
  b.candidate.OnWritten(*of_b);
  CHECK(c.candidate.OnConflict() == LeaseStep::kWait);
  c.Try(S(21));
  CHECK(b.ActiveAt(S(21)));
  CHECK_FALSE(c.ActiveAt(S(21)));
}

TEST_CASE("two that create it at once: the second waits") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  CHECK(a.candidate.Begin() == LeaseStep::kRead);
  CHECK(a.candidate.OnAbsent() == LeaseStep::kCreate);
  CHECK(b.candidate.OnAbsent() == LeaseStep::kCreate);
  a.candidate.OnWritten(*server.Write(LeaseStep::kCreate, a.candidate.Draft(kStart, 1)));
  CHECK_FALSE(server.Write(LeaseStep::kCreate, b.candidate.Draft(kStart, 1)));
  CHECK(b.candidate.OnConflict() == LeaseStep::kWait);
  b.Try(S(2));
  CHECK_FALSE(b.ActiveAt(S(2)));
}

TEST_CASE("a lost update of the holder: it looks, and goes on with what is there") {
  Server server;
  Process a(server, "a");
  a.Try(S(0));
  server.Put(*server.Get());  // its version is not the present one any more
  a.Try(S(2));
  CHECK(a.ActiveAt(S(11)));
  server.Delete();
  a.Try(S(4));
  CHECK(a.ActiveAt(S(4)));
  a.Try(S(6));
  CHECK(server.Get()->holder == "a");
  CHECK(a.ActiveAt(S(15)));
}

TEST_CASE("the deadline counts from when a renewal was sent, not from its answer") {
  Server server;
  Process a(server, "a");
  REQUIRE(a.candidate.OnAbsent() == LeaseStep::kCreate);
  const Lease draft = a.candidate.Draft(kStart, 1);
  const auto written = server.Write(LeaseStep::kCreate, draft);
  // The answer comes when it is over: stopped and continued, say.
  a.candidate.OnWritten(*written);
  CHECK_FALSE(a.ActiveAt(S(12)));
  CHECK(*a.candidate.active_until() == kStart + S(10));
}

TEST_CASE("an answer that does not come leaves it open whether the write was taken") {
  for (const bool is_taken : {false, true}) {
    Server server;
    Process a(server, "a");
    a.Try(S(0));
    a.TryUnanswered(S(2), is_taken);
    CHECK(a.ActiveAt(S(9)));
    CHECK_FALSE(a.ActiveAt(S(10)));
    CHECK(a.candidate.Begin() == LeaseStep::kRead);
    a.Try(S(4));
    CHECK(a.ActiveAt(S(13)));
    CHECK_FALSE(a.candidate.name_is_taken());
    CHECK(server.Get()->transitions == 0);
  }
}

TEST_CASE("an API server that is away for long: it ends, and begins again with the same lease") {
  Server server;
  Process a(server, "a");
  a.Try(S(0));
  a.candidate.OnUnknown();
  CHECK_FALSE(a.ActiveAt(S(10)));
  a.candidate.Expire();
  CHECK_FALSE(a.candidate.active_until());
  a.Try(S(100));
  CHECK(a.ActiveAt(S(100)));
  CHECK(server.Get()->transitions == 0);
}

TEST_CASE("released, it goes to whoever comes first") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  a.Try(S(0));
  b.Try(S(1));
  const auto released = a.candidate.Release(1'000'000);
  REQUIRE(released);
  CHECK(released->holder.empty());
  CHECK(released->duration == S(1));
  CHECK_FALSE(a.ActiveAt(S(1)));
  REQUIRE(server.Write(LeaseStep::kUpdate, *released));
  CHECK_FALSE(a.candidate.Release(1'000'000));
  b.Try(S(1.5));
  CHECK(b.ActiveAt(S(1.5)));
  CHECK(server.Get()->transitions == 1);
  CHECK(server.Get()->duration == S(15));
}

TEST_CASE("one on standby has nothing to release") {
  Server server;
  Process a(server, "a");
  Process b(server, "b");
  CHECK_FALSE(b.candidate.Release(1));
  a.Try(S(0));
  b.Try(S(1));
  CHECK_FALSE(b.candidate.Release(1));
}

TEST_CASE("a restarted process goes on with the lease of its former life at once") {
  Server server;
  Process before(server, "a");
  before.Try(S(0));
  Process after(server, "a");
  after.Try(S(1));
  CHECK(after.ActiveAt(S(1)));
  CHECK_FALSE(after.candidate.name_is_taken());
  CHECK(server.Get()->transitions == 0);
}

TEST_CASE("two processes of one name: the first sees it, stops and says so") {
  Server server;
  Process first(server, "a");
  Process second(server, "a");
  first.Try(S(0));
  second.Try(S(1));
  first.Try(S(2));
  CHECK_FALSE(first.ActiveAt(S(2)));
  CHECK(first.candidate.name_is_taken());
  for (int second_s = 3; second_s < 40; second_s += 2) {
    second.Try(S(second_s));
    first.Try(S(second_s + 1));
    CHECK(second.ActiveAt(S(second_s + 1)));
    CHECK_FALSE(first.ActiveAt(S(second_s + 1)));
  }
}

TEST_CASE("nobody's lease, one without a duration, one for a thousand years") {
  Server server;
  Lease odd;
  server.Put(odd);  // an empty spec
  Process a(server, "a");
  a.Try(S(0));
  CHECK(a.ActiveAt(S(0)));

  odd.holder = "x";
  server.Put(odd);
  Process b(server, "b");
  b.Try(S(0));
  b.Try(S(14.9));
  CHECK_FALSE(b.ActiveAt(S(14.9)));
  b.Try(S(15));
  CHECK(b.ActiveAt(S(15)));

  odd.duration = std::chrono::hours(24 * 365 * 60);
  odd.transitions = INT32_MAX;
  server.Put(odd);
  Process c(server, "c");
  c.Try(S(0));
  c.Try(S(3'599));
  CHECK_FALSE(c.ActiveAt(S(3'599)));
  c.Try(S(3'600));
  CHECK(c.ActiveAt(S(3'600)));
}

TEST_CASE("terms that make no sense are refused by their option's name") {
  const auto error = [](int duration_ms, int deadline_ms, int retry_ms) {
    const auto checked =
        CheckLeaseTerms({Millis(duration_ms), Millis(deadline_ms), Millis(retry_ms)});
    return checked ? "" : checked.error().message;
  };
  CHECK(error(15'000, 10'000, 2'000).empty());
  CHECK(error(1'000, 900, 700).empty());
  CHECK(error(500, 400, 100).starts_with("--leader-election.lease-duration: "));
  CHECK(error(1'500, 400, 100).starts_with("--leader-election.lease-duration: "));
  CHECK(error(3'601'000, 400, 100).starts_with("--leader-election.lease-duration: "));
  CHECK(error(15'000, 15'000, 2'000).starts_with("--leader-election.renew-deadline: "));
  CHECK(error(15'000, 2'400, 2'000).starts_with("--leader-election.retry-period: "));
  CHECK(error(15'000, 10'000, 0).starts_with("--leader-election.retry-period: "));
}

// Three candidates whose tries, lost answers and pauses fall as they may, and a server that is away
// now and then.
TEST_CASE("whatever happens, never two are active at once") {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
    Server server;
    std::vector<Process> processes;
    for (const char* name : {"a", "b", "c"}) {
      processes.emplace_back(server, name, static_cast<int64_t>(random() % 200'000) - 100'000);
    }
    std::vector<Millis> due(3, Millis(0));
    bool is_away = false;
    int active_times = 0;
    for (Millis now{0}; now < S(200); now += Millis(100)) {
      if (chance(1)) is_away = !is_away;
      for (size_t i = 0; i < 3; ++i) {
        if (now < due[i]) continue;
        due[i] = now + Millis(1'500 + static_cast<int64_t>(random() % 1'000));
        if (chance(2)) due[i] += S(static_cast<double>(random() % 30));  // it sleeps
        if (is_away) {
          processes[i].candidate.OnUnknown();
        } else if (chance(5) && processes[i].candidate.Begin() == LeaseStep::kUpdate &&
                   server.Get()->metadata == processes[i].candidate.observed().metadata) {
          processes[i].TryUnanswered(now, chance(50));
        } else if (chance(2)) {
          const auto released = processes[i].candidate.Release(now.count());
          if (released) (void)server.Write(LeaseStep::kUpdate, *released);
        } else {
          processes[i].Try(now);
        }
      }
      int active = 0;
      for (const Process& process : processes) active += process.ActiveAt(now);
      REQUIRE_MESSAGE(active <= 1, "seed ", seed, " at ", now.count(), " ms");
      active_times += active;
    }
    CHECK_MESSAGE(active_times > 0, "seed ", seed);
  }
}

}  // namespace
}  // namespace limpet
