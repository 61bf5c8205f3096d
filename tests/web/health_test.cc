#include "agent/web/health.h"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include "tests/web/json_text.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

rapidjson::Document Parsed(const HttpServerResponse& response) {
  CHECK(response.content_type == "application/json");
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(response.body.data(), response.body.size());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

FakeSources HealthSample() {
  FakeSources fake;
  fake.watches = {ListedWatch("web"), ListedWatch("")};
  fake.watches[1].last_list_latency_ms = 40;
  fake.receivers = {HealthyReceiver("main"), HealthyReceiver("copy")};
  fake.log->last_write_latency_us = 250;
  fake.config.last_success_ms = 1'700'000'000'000;
  return fake;
}

TEST_CASE("all is well") {
  FakeSources fake = HealthSample();
  const auto response = HealthResponse(fake.Sources());
  CHECK(response.status == 200);
  const auto document = Parsed(response);
  CHECK(TextOf(document["status"]) == "ok");
  CHECK_FALSE(TextOf(document["version"]).empty());
  const auto& checks = document["checks"];
  CHECK(TextOf(checks["kubernetes"]["status"]) == "ok");
  CHECK(checks["kubernetes"]["latency_ms"].GetInt64() == 40);
  CHECK(checks["kubernetes"]["watches"].Size() == 2);
  CHECK(TextOf(checks["kubernetes"]["watches"][0]["namespace"]) == "web");
  CHECK(checks["kubernetes"]["watches"][0]["latency_ms"].GetInt64() == 12);
  CHECK(TextOf(checks["log"]["status"]) == "ok");
  CHECK(checks["log"]["latency_ms"].GetDouble() == 0.25);
  CHECK(TextOf(checks["config"]["status"]) == "ok");
  const auto& receiver = checks["receivers"]["copy"];
  CHECK(TextOf(receiver["status"]) == "ok");
  CHECK(receiver["latency_ms"].GetInt64() == 3);
  CHECK(receiver["lag_seconds"].GetDouble() == 1.5);
  CHECK(receiver["shards"].GetUint64() == 2);
  CHECK(receiver["shards_max"].GetUint64() == 16);
  CHECK(TextOf(receiver["protobuf_message"]) == "io.prometheus.write.v2.Request");
  CHECK(TextOf(receiver["oldest_unsent"]) == "2023-11-14T22:13:28.500Z");
  CHECK_FALSE(receiver.HasMember("error"));
}

TEST_CASE("a shard says which it is, the only one says nothing") {
  FakeSources fake = HealthSample();
  CHECK_FALSE(Parsed(HealthResponse(fake.Sources()))["checks"].HasMember("shard"));
  fake.shard = {3, 1};
  fake.other_shards_counts = {{"api", 40}, {"db", 2}};
  const auto document = Parsed(HealthResponse(fake.Sources()));
  CHECK(TextOf(document["status"]) == "ok");
  const auto& shard = document["checks"]["shard"];
  CHECK(TextOf(shard["status"]) == "ok");
  CHECK(shard["shard"].GetUint64() == 1);
  CHECK(shard["shards"].GetUint64() == 3);
  CHECK(shard["targets_other_shards"].GetUint64() == 42);
}

TEST_CASE("lists of targets: a bad one still holds, one that never came fails") {
  FakeSources fake = HealthSample();
  CHECK_FALSE(Parsed(HealthResponse(fake.Sources()))["checks"].HasMember("file_sd"));
  fake.refreshes = {ListedRefresh(RefreshKind::kFile, "/sd/*.json"),
                    ListedRefresh(RefreshKind::kHttp, "http://cmdb/t"),
                    ListedRefresh(RefreshKind::kHttp, "http://away/t")};
  CHECK(TextOf(Parsed(HealthResponse(fake.Sources()))["status"]) == "ok");
  fake.refreshes[0].last_error = "/sd/a.json:1:2: " + kHostile;
  fake.refreshes[2].listed = false;
  fake.refreshes[2].last_success_ms = 0;
  auto document = Parsed(HealthResponse(fake.Sources()));
  CHECK(TextOf(document["status"]) == "degraded");
  const auto& files = document["checks"]["file_sd"];
  REQUIRE(files.Size() == 1);
  CHECK(TextOf(files[0]["status"]) == "degraded");
  CHECK(TextOf(files[0]["files"]) == "/sd/*.json");
  CHECK(TextOf(files[0]["error"]) == "/sd/a.json:1:2: " + kHostileValid);
  CHECK(files[0]["targets"].GetUint64() == 7);
  const auto& https = document["checks"]["http_sd"];
  REQUIRE(https.Size() == 2);
  CHECK(TextOf(https[0]["status"]) == "ok");
  CHECK(TextOf(https[0]["url"]) == "http://cmdb/t");
  CHECK(https[0]["latency_ms"].GetInt64() == 20);
  CHECK(TextOf(https[1]["status"]) == "degraded");
  fake.refreshes[2].last_error = "HTTP status 500";
  document = Parsed(HealthResponse(fake.Sources()));
  CHECK(TextOf(document["checks"]["http_sd"][1]["status"]) == "failing");
  CHECK_FALSE(document["checks"]["http_sd"][1].HasMember("last_success"));

  fake.all_listed = false;
  Readiness readiness;
  CHECK(readiness.Missing(fake.Sources()) == "no list yet from http://away/t: HTTP status 500\n");
}

TEST_CASE("without Kubernetes and receivers there is nothing to go wrong") {
  FakeSources fake;
  const auto document = Parsed(HealthResponse(fake.Sources()));
  CHECK(TextOf(document["status"]) == "ok");
  CHECK(document["checks"]["receivers"].MemberCount() == 0);
}

TEST_CASE("a receiver that is down degrades, and does not fail the probe") {
  FakeSources fake = HealthSample();
  fake.receivers[0].healthy = false;
  fake.receivers[0].last_error = "connect: Connection refused";
  fake.receivers[0].backlog_bytes = 77;
  const auto response = HealthResponse(fake.Sources());
  CHECK(response.status == 200);
  const auto document = Parsed(response);
  CHECK(TextOf(document["status"]) == "degraded");
  const auto& receivers = document["checks"]["receivers"];
  CHECK(TextOf(receivers["main"]["status"]) == "failing");
  CHECK(TextOf(receivers["main"]["error"]) == "connect: Connection refused");
  CHECK(receivers["main"]["backlog_bytes"].GetUint64() == 77);
  CHECK(TextOf(receivers["copy"]["status"]) == "ok");
}

TEST_CASE("a broken watch degrades") {
  FakeSources fake = HealthSample();
  fake.watches[1].connected = false;
  CHECK(TextOf(Parsed(HealthResponse(fake.Sources()))["checks"]["kubernetes"]["status"]) ==
        "degraded");
  fake.watches[1].last_error = "403 Forbidden";
  const auto document = Parsed(HealthResponse(fake.Sources()));
  CHECK(TextOf(document["status"]) == "degraded");
  CHECK(TextOf(document["checks"]["kubernetes"]["status"]) == "failing");
  CHECK(TextOf(document["checks"]["kubernetes"]["watches"][1]["error"]) == "403 Forbidden");
}

TEST_CASE("a full disk degrades; no log at all fails") {
  FakeSources fake = HealthSample();
  fake.log->degraded = true;
  fake.log->last_error = "write: No space left on device";
  const auto degraded = HealthResponse(fake.Sources());
  CHECK(degraded.status == 200);
  CHECK(TextOf(Parsed(degraded)["status"]) == "degraded");
  CHECK(TextOf(Parsed(degraded)["checks"]["log"]["error"]) == "write: No space left on device");
  fake.log.reset();
  const auto failing = HealthResponse(fake.Sources());
  CHECK(failing.status == 503);
  CHECK(TextOf(Parsed(failing)["status"]) == "failing");
  CHECK(TextOf(Parsed(failing)["checks"]["log"]["status"]) == "failing");
}

TEST_CASE("a refused configuration degrades and says why") {
  FakeSources fake = HealthSample();
  fake.config.last_reload_successful = false;
  fake.config.last_error = "limpet.yml:3:5: unknown key";
  const auto document = Parsed(HealthResponse(fake.Sources()));
  CHECK(TextOf(document["status"]) == "degraded");
  CHECK(TextOf(document["checks"]["config"]["error"]) == "limpet.yml:3:5: unknown key");
}

TEST_CASE("hostile text comes back as it was, made valid") {
  FakeSources fake = HealthSample();
  fake.receivers[0].name = kHostile;
  fake.receivers[0].last_error = kHostile;
  fake.watches[0].last_error = kHostile;
  const auto document = Parsed(HealthResponse(fake.Sources()));
  const auto& receivers = document["checks"]["receivers"];
  REQUIRE(receivers.HasMember(kHostileValid.c_str()));
  CHECK(TextOf(receivers[kHostileValid.c_str()]["error"]) == kHostileValid);
  CHECK(TextOf(document["checks"]["kubernetes"]["watches"][0]["error"]) == kHostileValid);
}

TEST_CASE("readiness waits for the log and for every discovery, and says for which") {
  FakeSources fake;
  fake.all_listed = false;
  fake.log.reset();
  fake.watches = {ListedWatch("web"), ListedWatch("db")};
  fake.watches[1].listed = false;
  fake.watches[1].last_error = "403 Forbidden";
  const WebSources sources = fake.Sources();
  Readiness readiness;
  CHECK(readiness.Missing(sources) ==
        "the log is not open\n"
        "no list yet of role pod in namespace db from https://10.0.0.1:443: 403 Forbidden\n");
  fake.log.emplace();
  CHECK(readiness.Missing(sources).starts_with("no list yet"));
  fake.watches.clear();
  CHECK_FALSE(readiness.Missing(sources).empty());
  fake.all_listed = true;
  CHECK(readiness.Missing(sources) == "");
  // A discovery that a reload added.
  fake.all_listed = false;
  CHECK(readiness.Missing(sources) == "");
  fake.log.reset();
  CHECK(readiness.Missing(sources) == "the log is not open\n");
}

}  // namespace
}  // namespace limpet
