#include "agent/web/metadata.h"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <string>

#include "agent/platform/url.h"
#include "tests/web/json_text.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

using Answer = HttpServerResponse (*)(const WebSources&, const HttpServerRequest&);
using Params = std::vector<std::pair<std::string, std::string>>;

HttpServerResponse Ask(FakeSources& fake, Answer answer, Params params = {}) {
  HttpServerRequest request;
  request.method = "GET";
  if (!params.empty()) request.query = EncodeQuery(std::move(params));
  return answer(fake.Sources(), request);
}

FakeSources Described() {
  FakeSources fake;
  const auto table = std::make_shared<const MetadataTable>(
      MetadataTable{{}, {MetricType::kCounter, "Of \"a\".\n", ""}, {MetricType::kGauge, "", "s"}});
  using Families = std::vector<std::pair<std::string_view, uint16_t>>;
  const auto both = std::make_shared<const PageFamilies>(Families{{"b_s", 2}, {"a", 1}}, table);
  const auto other = std::make_shared<const PageFamilies>(Families{{"a", 2}, {"c", 0}}, table);
  fake.families = {{Labels{{"job", "api"}, {"instance", "1"}}, both},
                   {Labels{{"job", "api"}, {"instance", "2"}}, both},
                   {Labels{{"job", "db"}}, other}};
  return fake;
}

TEST_CASE("each target's families have type, help and unit") {
  FakeSources fake = Described();
  CHECK(
      Ask(fake, TargetsMetadata, {{"match_target", "{instance=\"1\"}"}}).body ==
      R"({"status":"success","data":[)"
      R"({"target":{"instance":"1","job":"api"},"metric":"b_s","type":"gauge","help":"","unit":"s"},)"
      R"({"target":{"instance":"1","job":"api"},"metric":"a","type":"counter","help":"Of \"a\".\n",)"
      R"("unit":""}]})");
  CHECK(Ask(fake, TargetsMetadata, {{"metric", "c"}}).body ==
        R"({"status":"success","data":[)"
        R"({"target":{"job":"db"},"type":"unknown","help":"","unit":""}]})");
  fake.families.clear();
  CHECK(Ask(fake, TargetsMetadata).body == R"({"status":"success","data":[]})");
}

TEST_CASE("a limit ends the list behind the target that reaches it") {
  FakeSources fake = Described();
  const auto count = [&](const char* limit) {
    rapidjson::Document document;
    document.Parse(Ask(fake, TargetsMetadata, {{"limit", limit}}).body.c_str());
    return document["data"].Size();
  };
  CHECK(count("0") == 0);
  CHECK(count("1") == 2);
  CHECK(count("2") == 2);
  CHECK(count("3") == 4);
  CHECK(count("-1") == 6);
}

TEST_CASE("metadata by name has each variant once") {
  FakeSources fake = Described();
  CHECK(
      Ask(fake, MetricsMetadata).body ==
      R"({"status":"success","data":{)"
      R"("a":[{"type":"counter","help":"Of \"a\".\n","unit":""},{"type":"gauge","help":"","unit":"s"}],)"
      R"("b_s":[{"type":"gauge","help":"","unit":"s"}],)"
      R"("c":[{"type":"unknown","help":"","unit":""}]}})");
  CHECK(Ask(fake, MetricsMetadata, {{"metric", "a"}, {"limit_per_metric", "1"}}).body ==
        R"({"status":"success","data":{"a":[{"type":"counter","help":"Of \"a\".\n","unit":""}]}})");
  CHECK(Ask(fake, MetricsMetadata, {{"metric", "none"}}).body ==
        R"({"status":"success","data":{}})");
  CHECK(Ask(fake, MetricsMetadata, {{"limit", "0"}}).body == R"({"status":"success","data":{}})");
}

TEST_CASE("parameters that make no sense are refused") {
  FakeSources fake = Described();
  CHECK(Ask(fake, TargetsMetadata, {{"limit", "x"}}).status == 400);
  CHECK(Ask(fake, TargetsMetadata, {{"match_target", "{"}}).status == 400);
  CHECK(Ask(fake, MetricsMetadata, {{"limit", "1.5"}}).status == 400);
  const auto answer = Ask(fake, MetricsMetadata, {{"limit_per_metric", "99999999999999999999"}});
  CHECK(answer.status == 400);
  CHECK(answer.body ==
        R"({"status":"error","errorType":"bad_data","error":"limit_per_metric must be a number"})");
}

TEST_CASE("an answer that would be too large is cut and says so") {
  FakeSources fake;
  const auto table = std::make_shared<const MetadataTable>(
      MetadataTable{{}, {MetricType::kGauge, std::string(1u << 20, '<'), ""}});
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("m" + std::to_string(i));
  std::vector<std::pair<std::string_view, uint16_t>> families;
  for (const std::string& name : names) families.emplace_back(name, uint16_t{1});
  fake.families = {{Labels{{"job", "api"}}, std::make_shared<const PageFamilies>(families, table)}};
  for (const Answer answer : {TargetsMetadata, MetricsMetadata}) {
    const std::string body = Ask(fake, answer).body;
    CHECK(body.size() < 18u << 20);
    rapidjson::Document document;
    document.Parse(body.c_str());
    REQUIRE_FALSE(document.HasParseError());
    REQUIRE(document.HasMember("warnings"));
    CHECK(TextOf(document["warnings"][0]).find("truncated") != std::string::npos);
  }
}

}  // namespace
}  // namespace limpet
