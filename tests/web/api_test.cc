#include "agent/web/api.h"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include "agent/web/target_text.h"
#include "tests/web/json_text.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

rapidjson::Document Targets(FakeSources& fake, std::string_view state = "",
                            std::string_view pool = "") {
  const std::string text = TargetsJson(fake.Sources(), state, pool, "node-1");
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  REQUIRE_FALSE(document.HasParseError());
  REQUIRE(std::string(document["status"].GetString()) == "success");
  return document;
}

FakeSources Sample() {
  FakeSources fake;
  fake.targets.resize(2);
  fake.targets[1].job = "db";
  fake.targets[1].url = "http://localhost:9100/metrics";
  fake.targets[1].health = TargetHealth::kUnknown;
  fake.targets[1].last_scrape_ms = 0;
  fake.dropped = {{"api", Labels{{"__address__", "10.0.0.9"}}}, {"db", Labels{}}};
  fake.dropped_counts = {{"api", 4000}, {"db", 1}};
  return fake;
}

TEST_CASE("a target has Prometheus' fields, in its order") {
  FakeSources fake = Sample();
  fake.targets.resize(1);
  CHECK(TargetsJson(fake.Sources(), "active", "", "node-1") ==
        R"({"status":"success","data":{"activeTargets":[{)"
        R"("discoveredLabels":{"__address__":"10.0.0.1:80"},)"
        R"("labels":{"instance":"10.0.0.1:80","job":"api"},"scrapePool":"api",)"
        R"("scrapeUrl":"http://10.0.0.1:80/metrics","globalUrl":"http://10.0.0.1:80/metrics",)"
        R"("lastError":"","lastScrape":"2023-11-14T22:13:20.123Z","lastScrapeDuration":0.25,)"
        R"("health":"up","scrapeInterval":"1m30s","scrapeTimeout":"10s"}],)"
        R"("droppedTargets":[],"droppedTargetCounts":null}})");
}

TEST_CASE("a target that was not scraped yet is unknown since the year 1") {
  FakeSources fake = Sample();
  const auto document = Targets(fake);
  const auto& target = document["data"]["activeTargets"][1];
  CHECK(TextOf(target["health"]) == "unknown");
  CHECK(TextOf(target["lastScrape"]) == "0001-01-01T00:00:00Z");
  CHECK(TextOf(target["globalUrl"]) == "http://node-1:9100/metrics");
}

TEST_CASE("state chooses what is shown") {
  FakeSources fake = Sample();
  for (const char* state : {"", "any"}) {
    const auto any = Targets(fake, state);
    CHECK(any["data"]["activeTargets"].Size() == 2);
    CHECK(any["data"]["droppedTargets"].Size() == 2);
    CHECK(any["data"]["droppedTargetCounts"]["api"].GetUint64() == 4000);
  }
  const auto active = Targets(fake, "active");
  CHECK(active["data"]["activeTargets"].Size() == 2);
  CHECK(active["data"]["droppedTargets"].Empty());
  const auto dropped = Targets(fake, "dropped");
  CHECK(dropped["data"]["activeTargets"].Empty());
  CHECK(TextOf(dropped["data"]["droppedTargets"][0]["discoveredLabels"]["__address__"]) ==
        "10.0.0.9");
  CHECK(TextOf(dropped["data"]["droppedTargets"][1]["scrapePool"]) == "db");
  const auto other = Targets(fake, "other");
  CHECK(other["data"]["activeTargets"].Empty());
  CHECK(other["data"]["droppedTargets"].Empty());
}

TEST_CASE("a scrape pool chooses one job") {
  FakeSources fake = Sample();
  const auto one = Targets(fake, "any", "db");
  REQUIRE(one["data"]["activeTargets"].Size() == 1);
  CHECK(TextOf(one["data"]["activeTargets"][0]["scrapePool"]) == "db");
  CHECK(one["data"]["droppedTargets"].Size() == 1);
  CHECK(one["data"]["droppedTargetCounts"].MemberCount() == 1);
  CHECK(Targets(fake, "any", "none")["data"]["activeTargets"].Empty());
}

TEST_CASE("nothing at all is empty lists") {
  FakeSources fake;
  const auto document = Targets(fake);
  CHECK(document["data"]["activeTargets"].IsArray());
  CHECK(document["data"]["droppedTargets"].IsArray());
  CHECK(document["data"]["droppedTargetCounts"].IsObject());
}

TEST_CASE("hostile text comes back as it was, made valid") {
  FakeSources fake = Sample();
  fake.targets[0].labels = Labels{{"l", kHostile}, {"z" + kHostile, "v"}};
  fake.targets[0].last_error = kHostile + std::string("\0x", 2);
  fake.dropped[0].second = Labels{{"l", kHostile}};
  const auto document = Targets(fake);
  const auto& target = document["data"]["activeTargets"][0];
  CHECK(TextOf(target["labels"]["l"]) == kHostileValid);
  CHECK(target["labels"].HasMember(("z" + kHostileValid).c_str()));
  CHECK(TextOf(target["lastError"]) == kHostileValid + std::string("\0x", 2));
  CHECK(TextOf(document["data"]["droppedTargets"][0]["discoveredLabels"]["l"]) == kHostileValid);
}

TEST_CASE("only a loopback host is replaced in a global URL") {
  CHECK(GlobalUrl("http://127.0.0.1:9100/m?x=1", "n") == "http://n:9100/m?x=1");
  CHECK(GlobalUrl("https://[::1]/m", "n") == "https://n/m");
  CHECK(GlobalUrl("http://localhost", "n") == "http://n");
  CHECK(GlobalUrl("http://localhost.example:80/m", "n") == "http://localhost.example:80/m");
  CHECK(GlobalUrl("http://127.0.0.10:80/m", "n") == "http://127.0.0.10:80/m");
  CHECK(GlobalUrl("http://h/localhost", "n") == "http://h/localhost");
  CHECK(GlobalUrl("localhost", "n") == "localhost");
  CHECK(GlobalUrl("http://localhost/", "") == "http://localhost/");
}

TEST_CASE("monitors are shown with what became of them") {
  FakeSources fake;
  CHECK(MonitorsJson(fake.Sources()) == R"({"status":"success","data":{"monitors":[]}})");
  fake.monitors = {
      {"ServiceMonitor", "shop", "api", MonitorState::kActive, {}, {"serviceMonitor/shop/api/0"}},
      {"Probe", "shop", "web", MonitorState::kInvalid, {"spec: <\"bad\xff\">"}, {}}};
  CHECK(MonitorsJson(fake.Sources()) ==
        R"({"status":"success","data":{"monitors":[{"kind":"ServiceMonitor","namespace":"shop",)"
        R"("name":"api","state":"active","errors":[],"scrapePools":["serviceMonitor/shop/api/0"]},)"
        R"({"kind":"Probe","namespace":"shop","name":"web","state":"invalid",)"
        "\"errors\":[\"spec: <\\\"bad\xef\xbf\xbd\\\">\"],\"scrapePools\":[]}]}}");
}

}  // namespace
}  // namespace limpet
