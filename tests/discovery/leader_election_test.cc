// The requests and timers of leader election, before a scripted API server.
#include "discovery/leader_election.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/discovery/discovery_fixture.h"
#include "tests/discovery/scripted_api_server.h"

namespace limpet {
namespace {

const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/n/leases";

std::string LeaseJson(const std::string& version, const std::string& holder,
                      const std::string& acquired = "2026-01-01T00:00:00.000000Z") {
  return R"({"metadata":{"name":"limpet","resourceVersion":")" + version +
         R"("},"spec":{"holderIdentity":")" + holder + R"(","leaseDurationSeconds":3600,)" +
         R"("acquireTime":")" + acquired + R"(","renewTime":")" + acquired +
         R"(","leaseTransitions":4}})";
}

class Fixture {
 public:
  // Waits are a hundredth of what they are in a cluster; the deadline is far off where a test does
  // not ask for it.
  explicit Fixture(LeaseTerms terms = {Millis(60'000), Millis(50'000), Millis(20)}) {
    KubernetesAccess access;
    access.api_server = *ParseUrl(server.url());
    election = std::make_unique<LeaderElection>(
        loop, SystemClock(), std::make_shared<KubernetesApi>(access, KubernetesEnvironment()),
        LeaderElectionOptions{"limpet", "n", "me", terms},
        [this](bool active) { changes.push_back(active); });
    election->Start();
  }
  void Until(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < give_up);
      server.Pump();
      loop.RunFor(Millis(1));
    }
  }
  void UntilRequests(size_t count) {
    Until([&] { return server.requests().size() >= count; });
  }
  const LeaderElectionStatus& status() const { return election->status(); }
  const ApiRequest& last() const { return server.requests().back(); }
  // Active, with two requests: a GET that finds nothing and a POST.
  void Acquire() {
    server.Answer(JsonAnswer(404, StatusText(404, "not found")));
    server.Answer(JsonAnswer(201, LeaseJson("7", "me")));
    Until([&] { return status().active; });
  }

  ScriptedApiServer server;
  EventLoop loop;
  std::vector<bool> changes;
  std::unique_ptr<LeaderElection> election;
};

using Changes = std::vector<bool>;

TEST_CASE("where there is no lease it is created, then renewed with its version") {
  Fixture f;
  f.Acquire();
  CHECK(f.changes == Changes{true});
  CHECK(f.election->IsActive());
  REQUIRE(f.server.requests().size() == 2);
  CHECK(f.server.requests()[0].method == "GET");
  CHECK(f.server.requests()[0].path == kLeases + "/limpet");
  CHECK(f.server.requests()[1].method == "POST");
  CHECK(f.server.requests()[1].path == kLeases);
  CHECK(f.server.requests()[1].headers.at("content-type") == "application/json");
  CHECK(f.server.requests()[1].body.find(R"("holderIdentity":"me")") != std::string::npos);
  f.UntilRequests(3);
  CHECK(f.last().method == "PUT");
  CHECK(f.last().path == kLeases + "/limpet");
  f.server.Answer(JsonAnswer(200, LeaseJson("8", "me")));
  f.UntilRequests(4);
  CHECK(f.last().method == "PUT");
  CHECK(f.status().renewals_total == 2);
  CHECK(f.status().acquired_total == 1);
  CHECK(f.status().holder == "me");
  CHECK(f.status().transitions == 4);
  CHECK(f.status().last_renewal_ms > 0);
  CHECK(f.status().last_error.empty());
}

TEST_CASE("what another holds is watched from standby") {
  Fixture f;
  for (int i = 0; i < 3; ++i) {
    f.server.Answer(JsonAnswer(200, LeaseJson(std::to_string(i), "other")));
    f.UntilRequests(static_cast<size_t>(i) + 1);
    CHECK(f.last().method == "GET");
  }
  f.UntilRequests(4);
  CHECK(f.changes.empty());
  CHECK(f.status().holder == "other");
  CHECK(f.status().failures_total == 0);
  // Given back: taken at once.
  f.server.Answer(JsonAnswer(200, LeaseJson("9", "")));
  f.UntilRequests(5);
  CHECK(f.last().method == "PUT");
  f.server.Answer(JsonAnswer(200, LeaseJson("10", "me")));
  f.Until([&] { return f.status().active; });
}

TEST_CASE("what may not be read or written says so, and goes on") {
  Fixture f;
  const std::string forbidden = StatusText(403, "leases \\\"limpet\\\" is forbidden");
  f.server.Answer(JsonAnswer(403, forbidden));
  f.Until([&] { return f.status().failures_total == 1; });
  CHECK(f.status().last_error ==
        "GET " + kLeases + "/limpet: HTTP status 403: leases \"limpet\" is forbidden");
  f.server.Answer(JsonAnswer(404, StatusText(404, "not found")));
  f.server.Answer(JsonAnswer(403, forbidden));
  f.Until([&] { return f.status().failures_total == 2; });
  CHECK(f.status().last_error.starts_with("POST " + kLeases + ": HTTP status 403: "));
  CHECK(f.changes.empty());
  f.Acquire();
  CHECK(f.status().last_error.empty());
}

TEST_CASE("a lost update: the holder looks, goes on where the lease is its own, ends where not") {
  Fixture f;
  f.Acquire();
  f.UntilRequests(3);
  f.server.Answer(JsonAnswer(409, StatusText(409, "the object has been modified")));
  f.UntilRequests(4);
  CHECK(f.last().method == "GET");
  f.server.Answer(JsonAnswer(200, LeaseJson("11", "me")));
  f.UntilRequests(5);
  CHECK(f.last().method == "PUT");
  f.server.Answer(JsonAnswer(200, LeaseJson("12", "me")));
  f.UntilRequests(6);
  CHECK(f.changes == Changes{true});
  f.server.Answer(JsonAnswer(409, StatusText(409, "the object has been modified")));
  f.server.Answer(JsonAnswer(200, LeaseJson("13", "other", "2026-01-01T00:01:00.000000Z")));
  f.Until([&] { return !f.status().active; });
  CHECK(f.changes == Changes{true, false});
  CHECK(f.status().lost_total == 1);
  CHECK(f.status().holder == "other");
  CHECK_FALSE(f.election->IsActive());
}

TEST_CASE("another process with the same name is named") {
  Fixture f;
  f.Acquire();
  f.UntilRequests(3);
  f.server.Answer(JsonAnswer(409, StatusText(409, "modified")));
  f.server.Answer(JsonAnswer(200, LeaseJson("13", "me", "2026-01-01T00:01:00.000000Z")));
  f.Until([&] { return !f.status().active; });
  f.Until([&] { return !f.status().last_error.empty(); });
  CHECK(f.status().last_error ==
        "another process has the same --leader-election.identity, me, and holds the lease");
}

TEST_CASE("a server that does not answer: the deadline ends it, and it begins again") {
  Fixture f({Millis(2'000), Millis(1'000), Millis(20)});
  f.Acquire();
  f.Until([&] { return f.changes == Changes{true, false}; });
  CHECK_FALSE(f.election->IsActive());
  CHECK(f.status().lost_total == 1);
  CHECK_FALSE(f.status().last_error.empty());
  // Whatever has piled up gets what it asked for, in the order in which it was asked.
  f.Until([&] {
    if (f.server.waiting() == 0) return f.status().active;
    const bool reads = f.last().method == "GET";
    f.server.Answer(JsonAnswer(200, LeaseJson(reads ? "20" : "21", "me")));
    return false;
  });
  CHECK(f.changes == Changes{true, false, true});
}

TEST_CASE("answers that are none of a lease") {
  Fixture f;
  std::vector<std::string> bodies = {"",
                                     "[]",
                                     "{}",
                                     "nonsense",
                                     R"({"metadata":{"resourceVersion":"1"})",
                                     std::string(Lease::kBytesMax + 1, ' ')};
  for (size_t i = 0; i < bodies.size(); ++i) {
    f.server.Answer(JsonAnswer(200, bodies[i]), true);
    f.Until([&] { return f.status().failures_total == i + 1; });
  }
  f.server.Answer("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", true);
  f.Until([&] { return f.status().failures_total == bodies.size() + 1; });
  f.server.Answer(JsonAnswer(500, ""));
  f.Until([&] { return f.status().failures_total == bodies.size() + 2; });
  CHECK(f.changes.empty());
  // Taken, says the server, and shows something else: it has to be read.
  f.server.Answer(JsonAnswer(404, ""));
  f.server.Answer(JsonAnswer(201, "{}"));
  f.Until([&] { return f.status().failures_total == bodies.size() + 3; });
  CHECK_FALSE(f.status().active);
  f.UntilRequests(f.server.requests().size() + 1);
  CHECK(f.last().method == "GET");
}

TEST_CASE("a fight for the lease is not fought in a tight loop") {
  Fixture f({Millis(60'000), Millis(50'000), Millis(30'000)});
  f.Acquire();
  // Nothing more comes before the retry period, which this test does not wait for.
  f.loop.RunFor(Millis(50));
  CHECK(f.server.requests().size() == 2);
}

TEST_CASE("released, the lease is nobody's, and it says when that is known") {
  Fixture f({Millis(60'000), Millis(50'000), Millis(30'000)});
  f.Acquire();
  int done = 0;
  f.election->Release(Millis(10'000), [&] { ++done; });
  CHECK_FALSE(f.election->IsActive());
  f.UntilRequests(3);
  CHECK(f.last().method == "PUT");
  CHECK(done == 0);
  CHECK(f.last().body.find(R"("holderIdentity":"","leaseDurationSeconds":1,)") !=
        std::string::npos);
  CHECK(f.last().body.find(R"("resourceVersion":"7")") != std::string::npos);
  f.server.Answer(JsonAnswer(200, LeaseJson("8", "")));
  f.Until([&] { return done == 1; });
  CHECK(f.changes == Changes{true});
}

TEST_CASE("released while a renewal is under way: its version is asked for first") {
  Fixture f;
  f.Acquire();
  f.UntilRequests(3);  // a PUT that is not answered
  REQUIRE(f.server.waiting() == 1);
  int done = 0;
  f.election->Release(Millis(10'000), [&] { ++done; });
  f.UntilRequests(4);
  CHECK(f.last().method == "GET");
  f.server.Answer(JsonAnswer(200, LeaseJson("9", "me")));
  f.UntilRequests(5);
  CHECK(f.last().method == "PUT");
  f.server.Answer(JsonAnswer(409, ""));  // whatever it says
  f.Until([&] { return done == 1; });
}

TEST_CASE("one on standby has nothing to release, a server that hangs holds nobody") {
  Fixture f;
  f.server.Answer(JsonAnswer(200, LeaseJson("1", "other")));
  f.Until([&] { return f.status().holder == "other"; });
  int done = 0;
  f.election->Release(Millis(10'000), [&] { ++done; });
  CHECK(done == 0);
  f.Until([&] { return done == 1; });

  Fixture g({Millis(60'000), Millis(50'000), Millis(30'000)});
  g.Acquire();
  g.election->Release(Millis(30), [&] { ++done; });
  g.Until([&] { return done == 2; });
  g.server.Answer(JsonAnswer(200, LeaseJson("8", "")));
  for (int i = 0; i < 10; ++i) {
    g.server.Pump();
    g.loop.RunFor(Millis(1));
  }
  CHECK(done == 2);
}

TEST_CASE("without a namespace it says what to set") {
  ScriptedApiServer server;
  EventLoop loop;
  KubernetesAccess access;
  access.api_server = *ParseUrl(server.url());
  LeaderElection election(loop, SystemClock(),
                          std::make_shared<KubernetesApi>(access, KubernetesEnvironment()),
                          {"limpet", "", "me", {}}, [](bool) { FAIL("active"); });
  election.Start();
  loop.RunFor(Millis(20));
  CHECK(election.status().last_error ==
        "no namespace known for the Lease: set --leader-election.namespace");
  CHECK(server.requests().empty());
}

}  // namespace
}  // namespace limpet
