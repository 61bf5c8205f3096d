// What the pages say of leader election.
#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <string>

#include "agent/web/health.h"
#include "agent/web/metrics.h"
#include "agent/web/pages.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

LeaderElectionStatus Standby() {
  LeaderElectionStatus status;
  status.api_server = "https://10.0.0.1:443";
  status.name_space = "monitoring";
  status.lease = "limpet";
  status.identity = "limpet-b";
  status.holder = "limpet-a";
  status.transitions = 3;
  status.acquired_total = 2;
  status.lost_total = 1;
  status.renewals_total = 70;
  status.failures_total = 5;
  status.last_latency_ms = 4;
  return status;
}

struct ElectionFixture {
  WebSources Sources() {
    WebSources sources = fake.Sources();
    sources.leader_election = [this] { return election; };
    return sources;
  }
  rapidjson::Document Health() {
    const WebSources sources = Sources();
    rapidjson::Document document;
    document.Parse(HealthResponse(sources).body.c_str());
    REQUIRE_FALSE(document.HasParseError());
    return document;
  }
  std::string Page() {
    const WebSources sources = Sources();
    return Metrics(sources).Page().body;
  }

  FakeSources fake;
  LeaderElectionStatus election = Standby();
};

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a standby is well, and ready") {
  ElectionFixture f;
  const auto health = f.Health();
  CHECK(std::string(health["status"].GetString()) == "ok");
  const auto& check = health["checks"]["leader_election"];
  CHECK(std::string(check["status"].GetString()) == "ok");
  CHECK_FALSE(check["active"].GetBool());
  CHECK(std::string(check["holder"].GetString()) == "limpet-a");
  CHECK(std::string(check["identity"].GetString()) == "limpet-b");
  CHECK(std::string(check["lease"].GetString()) == "limpet");
  CHECK(std::string(check["namespace"].GetString()) == "monitoring");
  CHECK(check["transitions"].GetUint64() == 3);
  CHECK(check["latency_ms"].GetInt64() == 4);
  CHECK_FALSE(check.HasMember("last_renewal"));
  CHECK_FALSE(check.HasMember("error"));
  Readiness readiness;
  const WebSources sources = f.Sources();
  CHECK(readiness.Missing(sources).empty());
}

TEST_CASE("one that may not have the lease says why, and stays ready") {
  ElectionFixture f;
  f.election.last_error = "GET /x: HTTP status 403: " + kHostile;
  auto health = f.Health();
  CHECK(std::string(health["status"].GetString()) == "degraded");
  CHECK(std::string(health["checks"]["leader_election"]["status"].GetString()) == "failing");
  CHECK(std::string(health["checks"]["leader_election"]["error"].GetString()) ==
        "GET /x: HTTP status 403: " + kHostileValid);
  Readiness readiness;
  const WebSources sources = f.Sources();
  CHECK(readiness.Missing(sources).empty());
  // A renewal that failed once is no loss yet.
  f.election.active = true;
  f.election.last_renewal_ms = 1'700'000'009'000;
  health = f.Health();
  const auto& check = health["checks"]["leader_election"];
  CHECK(std::string(check["status"].GetString()) == "degraded");
  CHECK(check["active"].GetBool());
  CHECK(std::string(check["last_renewal"].GetString()) == "2023-11-14T22:13:29.000Z");
}

TEST_CASE("metrics of a pair, and none without one") {
  ElectionFixture f;
  std::string page = f.Page();
  const std::string labels = R"({namespace="monitoring",lease="limpet"} )";
  CHECK(Contains(page, "\nlimpet_leader_election_active" + labels + "0\n"));
  CHECK(Contains(page, "\nlimpet_leader_election_lease_transitions" + labels + "3\n"));
  CHECK(Contains(page, "\nlimpet_leader_election_acquired_total" + labels + "2\n"));
  CHECK(Contains(page, "\nlimpet_leader_election_lost_total" + labels + "1\n"));
  CHECK(Contains(page, "\nlimpet_leader_election_renewals_total" + labels + "70\n"));
  CHECK(Contains(page, "\nlimpet_leader_election_failures_total" + labels + "5\n"));
  CHECK_FALSE(Contains(page, "limpet_leader_election_last_renewal_timestamp_seconds"));
  f.election.active = true;
  f.election.last_renewal_ms = 1'700'000'009'500;
  page = f.Page();
  CHECK(Contains(page, "\nlimpet_leader_election_active" + labels + "1\n"));
  CHECK(Contains(
      page, "\nlimpet_leader_election_last_renewal_timestamp_seconds" + labels + "1700000009.5\n"));
  const WebSources alone = f.fake.Sources();
  CHECK_FALSE(Contains(Metrics(alone).Page().body, "leader_election"));
  CHECK_FALSE(Contains(HealthResponse(alone).body, "leader_election"));
}

TEST_CASE("the first page says which part this is") {
  ElectionFixture f;
  f.fake.shard = {3, 1};
  f.election.holder = "<b>";
  CHECK(Contains(IndexPage(f.Sources()).body,
                 "Shard 1 of 3. On standby, the lease is held by &lt;b&gt;."));
  f.election.active = true;
  CHECK(Contains(IndexPage(f.Sources()).body, "Shard 1 of 3. Active."));
  CHECK_FALSE(Contains(IndexPage(FakeSources().Sources()).body, "Shard"));
}

}  // namespace
}  // namespace limpet
