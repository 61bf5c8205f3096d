#include "agent/web/explain.h"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <map>
#include <utility>

#include "agent/scrape/target_explanation.h"
#include "agent/web/relabel_steps.h"
#include "tests/web/json_text.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

RelabelRule Rule(RelabelAction action, std::vector<std::string> source_labels,
                 const std::string& regex, const std::string& target_label, int line) {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(source_labels);
  rule.regex = *AnchoredRegex::Compile(regex);
  rule.target_label = target_label;
  rule.line.number = line;
  return rule;
}

// A scrape manager with one job, and what discovery would say of a pod.
class ExplainFixture {
 public:
  ExplainFixture() : manager(loop, SystemClock(), [](const ScrapeView&) {}) {
    ScrapeConfig& job = config.scrape_configs.emplace_back();
    job.job_name = "api";
    job.relabel_configs = {
        Rule(RelabelAction::kReplace, {"__meta_kubernetes_pod_name"}, "(.*)", "pod", 12),
        Rule(RelabelAction::kLabelDrop, {}, "__meta_x", "", 14),
        Rule(RelabelAction::kKeep, {"__meta_port"}, "web", "", 0),
    };
  }

  void AddJob(const std::string& name) {
    ScrapeConfig job = config.scrape_configs[0];
    job.job_name = name;
    config.scrape_configs.push_back(job);
  }
  // Targets on ports of these names, of one group.
  static TargetGroup Group(const std::vector<std::string>& ports) {
    TargetGroup group{"pod/shop/api-1", Labels{{"__meta_kubernetes_pod_name", "api-1"}}, {}};
    int number = 1;
    for (const std::string& port : ports) {
      group.targets.push_back(Labels{{"__address__", "127.0.0.1:" + std::to_string(number++)},
                                     {"__meta_port", port},
                                     {"__meta_x", "y"}});
    }
    return group;
  }
  void See(const std::string& job, std::vector<TargetGroup> groups, const std::string& reason = "",
           bool seen = true) {
    PodSighting sighting;
    sighting.role = "pod";
    sighting.seen = seen;
    sighting.groups = std::move(groups);
    sighting.reason = reason;
    sightings.emplace_back(job, std::move(sighting));
  }
  void Know() { search.pod = PodState{"10.0.0.1", "Running", "true", "n1", "ReplicaSet/api"}; }

  WebSources Sources() {
    manager.Apply(config);
    for (const auto& [job, sighting] : sightings) manager.OnTargetGroups(job, sighting.groups);
    WebSources sources = fake.Sources();
    sources.look_for_pod = [this](const PodName&) { return search; };
    sources.for_each_sighting = [this](const PodName& pod, const OnPodSighting& function) {
      asked = pod;
      for (const auto& [job, sighting] : sightings) function(job, sighting);
    };
    sources.explain_targets = [this](const std::string& job, const TargetGroup& group,
                                     const OnExplainedTarget& function) {
      manager.Explain(job, group, function);
    };
    sources.find_job = [this](const std::string& job) { return manager.FindJob(job); };
    sources.own_namespace = [this] { return own_namespace; };
    return sources;
  }

  static rapidjson::Document Parse(const HttpServerResponse& response) {
    CHECK(response.content_type == "application/json");
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(response.body.data(),
                                                          response.body.size());
    REQUIRE_FALSE(document.HasParseError());
    return document;
  }
  rapidjson::Document Explain(std::string_view pod = "shop/api-1") {
    const HttpServerResponse response = ExplainPod(Sources(), pod);
    bytes = response.body.size();
    CHECK(response.status == 200);
    return Parse(response);
  }
  std::string Verdict() { return Explain()["data"]["verdict"].GetString(); }

  FakeSources fake;
  EventLoop loop;
  Config config;
  ScrapeManager manager;
  PodSearch search;
  std::vector<std::pair<std::string, PodSighting>> sightings;
  std::string own_namespace;
  PodName asked;
  size_t bytes = 0;
};

using rapidjson::Value;

TEST_CASE("a target that a rule drops is shown step by step, up to that rule") {
  ExplainFixture f;
  f.Know();
  f.See("api", {f.Group({"admin"})});
  const auto document = f.Explain();
  const Value& data = document["data"];
  CHECK(TextOf(data["verdict"]) == "dropped");
  CHECK(TextOf(data["pod"]["namespace"]) == "shop");
  CHECK(TextOf(data["object"]["ip"]) == "10.0.0.1");
  CHECK(TextOf(data["object"]["controller"]) == "ReplicaSet/api");
  REQUIRE(data["scrapePools"].Size() == 1);
  const Value& pool = data["scrapePools"][0];
  CHECK(TextOf(pool["scrapePool"]) == "api");
  CHECK(pool["targetCounts"]["dropped"].GetUint64() == 1);
  const Value& target = pool["targets"][0];
  CHECK(TextOf(target["state"]) == "dropped");
  CHECK(target["droppedBy"]["index"].GetUint64() == 2);
  CHECK(TextOf(target["droppedBy"]["action"]) == "keep");
  CHECK_FALSE(target["droppedBy"].HasMember("line"));  // it has none
  CHECK_FALSE(target.HasMember("scrapeUrl"));
  CHECK(TextOf(target["discoveredLabels"]["__metrics_path__"]) == "/metrics");
  REQUIRE(target["steps"].Size() == 3);
  const Value& set = target["steps"][0];
  CHECK(set["line"].GetInt() == 12);
  CHECK(set["keep"].GetBool());
  CHECK(TextOf(set["set"]["pod"]) == "api-1");
  CHECK(TextOf(set["rule"]["sourceLabels"][0]) == "__meta_kubernetes_pod_name");
  CHECK(TextOf(set["rule"]["targetLabel"]) == "pod");
  CHECK(TextOf(target["steps"][1]["removed"][0]) == "__meta_x");
  CHECK_FALSE(target["steps"][2]["keep"].GetBool());
  CHECK(target["steps"][2]["removed"].Empty());
}

TEST_CASE("a target that is kept is shown with its labels, URL and health") {
  ExplainFixture f;
  f.config.scrape_configs[0].made_from = "PodMonitor shop/api";
  f.See("api", {f.Group({"web", "admin"})});
  const auto document = f.Explain();
  CHECK(TextOf(document["data"]["verdict"]) == "scraped");
  const Value& pool = document["data"]["scrapePools"][0];
  CHECK(TextOf(pool["madeFrom"]) == "PodMonitor shop/api");
  const Value& target = pool["targets"][0];
  CHECK(TextOf(target["state"]) == "scraped");
  CHECK(TextOf(target["scrapeUrl"]) == "http://127.0.0.1:1/metrics");
  CHECK(TextOf(target["labels"]["pod"]) == "api-1");
  CHECK(TextOf(target["health"]) == "unknown");
  CHECK(TextOf(target["lastScrape"]) == "0001-01-01T00:00:00Z");
  CHECK(TextOf(pool["targets"][1]["state"]) == "dropped");
}

TEST_CASE("the verdict is the best that a target has come to") {
  ExplainFixture f;
  CHECK(f.Verdict() == "unknown");
  f.Know();
  CHECK(f.Verdict() == "not_seen");
  f.See("api", {}, "there is no pod of that name", false);
  CHECK(f.Verdict() == "not_seen");
  f.See("api", {}, "the pod has no IP yet");
  CHECK(f.Verdict() == "no_targets");
  f.See("api", {f.Group({"admin"})});
  CHECK(f.Verdict() == "dropped");
  SUBCASE("refused where what is left is no target") {
    TargetGroup group = f.Group({"web"});
    group.targets[0] = LabelsBuilder(group.targets[0]).Set("__address__", "a/b").Build();
    f.See("api", {group});
    CHECK(f.Verdict() == "refused");
    const auto document = f.Explain();
    const Value& target = document["data"]["scrapePools"][2]["targets"][0];
    CHECK(TextOf(target["state"]) == "invalid");
    CHECK(TextOf(target["error"]) == "\"a/b\" is not a valid hostname");
  }
  SUBCASE("refused where the job has too many") {
    f.config.scrape_configs[0].target_limit = 1;
    f.sightings.clear();
    f.See("api", {f.Group({"web", "web"})});
    CHECK(f.Verdict() == "refused");
  }
}

TEST_CASE("duplicates name the target that is scraped in their place") {
  ExplainFixture f;
  TargetGroup group = f.Group({"web", "web"});
  group.targets[0] = LabelsBuilder(group.targets[0]).Set("__meta_a", "first").Build();
  group.targets[1] = LabelsBuilder(group.targets[1]).Set("__address__", "127.0.0.1:1").Build();
  f.See("api", {group});
  const auto document = f.Explain();
  const Value& target = document["data"]["scrapePools"][0]["targets"][1];
  CHECK(TextOf(target["state"]) == "duplicate");
  CHECK(TextOf(target["duplicateOf"]["__meta_a"]) == "first");
}

TEST_CASE("jobs that do not see the pod say why, and watches show what they know") {
  ExplainFixture f;
  f.search.watches = {PodWatch{ListedWatch("shop"), true, true},
                      PodWatch{ListedWatch("db"), false}};
  f.search.watches[0].status.label_selector = "app=" + kHostile;
  f.search.watches[1].status.listed = false;
  f.search.watches[1].status.last_error = "LIST: 403 " + kHostile;
  f.See("api", {}, "it looks in other namespaces: db", false);
  const auto document = f.Explain();
  const Value& data = document["data"];
  CHECK(data["object"].IsNull());
  CHECK(data["scrapePools"].Empty());
  CHECK(TextOf(data["notSeenBy"][0]["reason"]) == "it looks in other namespaces: db");
  CHECK(TextOf(data["watches"][0]["labelSelector"]) == "app=" + kHostileValid);
  CHECK(data["watches"][0]["hasPod"].GetBool());
  CHECK_FALSE(data["watches"][1]["listed"].GetBool());
  CHECK(TextOf(data["watches"][1]["lastError"]) == "LIST: 403 " + kHostileValid);
}

TEST_CASE("a name is that of a pod, or the request is refused") {
  ExplainFixture f;
  const WebSources sources = f.Sources();
  for (const std::string pod :
       {"", "/", "a/", "/b", "a/b/c", "A/b", "a/b c", "a/../b", "a/<script>", "a/b\n", "a/%00", "x",
        "../..", "a.b/c", "-a/b", "a/b-", "a/.b", "a/\xff"}) {
    CAPTURE(pod);
    const HttpServerResponse response = ExplainPod(sources, pod);
    CHECK(response.status == 400);
    const auto document = f.Parse(response);
    CHECK(TextOf(document["status"]) == "error");
    CHECK(TextOf(document["errorType"]) == "bad_data");
    CHECK(response.body.find("script") == std::string::npos);
  }
  CHECK(ExplainPod(sources, std::string(64, 'a') + "/b").status == 400);
  CHECK(ExplainPod(sources, "a/" + std::string(254, 'b')).status == 400);
  CHECK(ExplainPod(sources, std::string(63, 'a') + "/" + std::string(253, 'b')).status == 200);
}

TEST_CASE("a name without a namespace is one in limpet's own") {
  ExplainFixture f;
  f.own_namespace = "monitoring";
  f.Explain("api-1");
  CHECK(f.asked.name_space == "monitoring");
  CHECK(f.asked.name == "api-1");
}

TEST_CASE("a pod with a thousand ports in a hundred jobs makes an answer with an end") {
  ExplainFixture f;
  for (int i = 0; i < 120; ++i) f.AddJob("more-" + std::to_string(i));
  std::vector<std::string> ports(1000, "admin");
  ports[999] = "web";
  // The last one is found all the same: it is the first of its state.
  f.See("api", {f.Group(ports)});
  for (int i = 0; i < 120; ++i) f.See("more-" + std::to_string(i), {f.Group(ports)});
  for (int i = 0; i < 130; ++i) f.See("api", {}, "there is no pod of that name", false);
  f.search.watches.resize(60);
  const auto document = f.Explain();
  const Value& data = document["data"];
  CHECK(TextOf(data["verdict"]) == "scraped");
  const Value& pools = data["scrapePools"];
  CHECK(pools.Size() == 100);
  CHECK(pools[0]["targets"].Size() == 11);
  CHECK(TextOf(pools[0]["targets"][10]["state"]) == "scraped");
  CHECK(pools[0]["targetCounts"]["dropped"].GetUint64() == 999);
  CHECK(pools[2]["targets"].Empty());
  const Value& not_shown = data["notShown"];
  CHECK(not_shown["watches"].GetUint64() == 10);
  CHECK(not_shown["scrapePools"].GetUint64() == 21);
  CHECK(not_shown["notSeenBy"].GetUint64() == 30);
  CHECK(not_shown["targets"].GetUint64() == 121'000 - 22);
  CHECK(not_shown["targetsNotLookedAt"].GetUint64() == 119'000);
  CHECK(f.bytes < 200'000);
}

TEST_CASE("labels of a megabyte do not multiply") {
  ExplainFixture f;
  TargetGroup group = f.Group(std::vector<std::string>(5, "web"));
  group.labels = LabelsBuilder(group.labels)
                     .Set("__meta_kubernetes_pod_annotation_a", std::string(64 * 1024, 'x'))
                     .Build();
  f.config.scrape_configs[0].relabel_configs.assign(
      30, Rule(RelabelAction::kReplace, {"__meta_kubernetes_pod_annotation_a"}, "(.*)", "", 1));
  int number = 0;
  for (RelabelRule& rule : f.config.scrape_configs[0].relabel_configs) {
    rule.target_label = "copy_" + std::to_string(number++);
  }
  f.See("api", {group});
  const auto document = f.Explain();
  const Value& target = document["data"]["scrapePools"][0]["targets"][0];
  CHECK(target["steps"].Size() < 30);
  CHECK(target["stepsNotShown"].GetUint64() == 30 - target["steps"].Size());
  CHECK(document["data"]["notShown"]["targets"].GetUint64() == 4);
  // One target may be larger than the bound: its labels at the end are all of them.
  CHECK(f.bytes < (4u << 20));
}

TEST_CASE("relabel steps are Prometheus': the rules of a job on labels that are given") {
  ExplainFixture f;
  const WebSources sources = f.Sources();
  const auto answer = RelabelSteps(
      sources, "api", R"({"__meta_kubernetes_pod_name":"p","__meta_port":"admin","e":""})");
  CHECK(answer.status == 200);
  CHECK(answer.body ==
        R"-({"status":"success","data":{"steps":[)-"
        R"-({"rule":{"sourceLabels":["__meta_kubernetes_pod_name"],"separator":";",)-"
        R"-("regex":"(.*)","targetLabel":"pod","replacement":"$1","action":"replace"},)-"
        R"-("output":{"__meta_kubernetes_pod_name":"p","__meta_port":"admin","pod":"p"},)-"
        R"-("keep":true},)-"
        R"-({"rule":{"separator":";","regex":"__meta_x","replacement":"$1",)-"
        R"-("action":"labeldrop"},)-"
        R"-("output":{"__meta_kubernetes_pod_name":"p","__meta_port":"admin","pod":"p"},)-"
        R"-("keep":true},)-"
        R"-({"rule":{"sourceLabels":["__meta_port"],"separator":";","regex":"web",)-"
        R"-("replacement":"$1","action":"keep"},"output":{},"keep":false}]}})-");
}

TEST_CASE("relabel steps behind the one that drops keep nothing") {
  ExplainFixture f;
  std::swap(f.config.scrape_configs[0].relabel_configs[0],
            f.config.scrape_configs[0].relabel_configs[2]);
  const auto document = f.Parse(RelabelSteps(f.Sources(), "api", R"({"a":"b"})"));
  const Value& steps = document["data"]["steps"];
  REQUIRE(steps.Size() == 3);
  for (const Value& step : steps.GetArray()) {
    CHECK_FALSE(step["keep"].GetBool());
    CHECK(step["output"].ObjectEmpty());
  }
}

TEST_CASE("a request for relabel steps that makes no sense is refused") {
  ExplainFixture f;
  const WebSources sources = f.Sources();
  const std::string deep(100'000, '[');
  for (const auto& [pool, labels] : std::map<std::string, std::vector<std::string>>{
           {"", {"{}"}},
           {"none", {"{}"}},
           {"api",
            {"", "x", "[]", "null", R"({"a":1})", R"({"a":null})", "{\"a\":\"\xff\"}",
             R"({"a":"b"}x)", deep}}}) {
    for (const std::string& text : labels) {
      CAPTURE(pool);
      CAPTURE(text.substr(0, 20));
      const auto response = RelabelSteps(sources, pool, text);
      CHECK(response.status == 400);
      CHECK(TextOf(f.Parse(response)["errorType"]) == "bad_data");
    }
  }
}

}  // namespace
}  // namespace limpet
