#include "tests/discovery/monitor_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;
constexpr auto kProbeKind = MonitorKind::kProbe;

TEST_CASE_FIXTURE(MonitorFixture, "a Probe of static targets") {
  AddSecret("web", {{"token", "t0k3n"}});
  const ScrapeConfig job = Job(kProbeKind, R"({
    "jobName": "sites", "module": "http_2xx", "interval": "60s", "scrapeTimeout": "9s",
    "params": [{"name": "module", "values": ["other"]}, {"name": "debug", "values": ["true"]}],
    "prober": {"url": "blackbox:9115", "scheme": "HTTPS", "proxyUrl": "http://proxy:1"},
    "bearerTokenSecret": {"name": "web", "key": "token"}, "sampleLimit": 9,
    "targets": {"staticConfig": {
      "static": ["https://a.example/x", "b.example"], "labels": {"env": "prod"},
      "relabelingConfigs": [{"targetLabel": "x", "replacement": "y"}]}},
    "metricRelabelings": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "a"}]})");
  CHECK(job.job_name == "probe/shop/api");
  CHECK(job.metrics_path == "/probe");
  CHECK(job.scheme == "https");
  CHECK(job.scrape_interval == Millis(60'000));
  CHECK(job.scrape_timeout == Millis(9'000));
  CHECK(job.sample_limit == 9);
  CHECK(job.params == decltype(job.params){{"module", {"http_2xx"}}, {"debug", {"true"}}});
  CHECK(job.http.authorization->credentials.Reveal() == "t0k3n");
  CHECK(job.http.proxy.proxy->url.host == "proxy");
  REQUIRE(job.static_configs.size() == 1);
  CHECK(job.static_configs[0].targets == Texts{"https://a.example/x", "b.example"});
  CHECK(job.static_configs[0].labels == Labels({{"env", "prod"}, {"namespace", "shop"}}));
  CHECK(job.metric_relabel_configs.size() == 1);
  CHECK(RuleTexts(job.relabel_configs) ==
        Texts{"replace job /(.*)/ -> __tmp_prometheus_job_name $1", "replace /(.*)/ -> job sites",
              "replace __address__ /(.*)/ -> __param_target $1",
              "replace __param_target /(.*)/ -> instance $1",
              "replace /(.*)/ -> __address__ blackbox:9115", "replace /(.*)/ -> x y"});
  const Labels found({{"__address__", "b.example"}, {"namespace", "shop"}});
  CHECK(Relabelled(job, found) == Labels({{"__address__", "blackbox:9115"},
                                          {"__param_target", "b.example"},
                                          {"instance", "b.example"},
                                          {"job", "sites"},
                                          {"namespace", "shop"},
                                          {"x", "y"}}));
}

TEST_CASE_FIXTURE(MonitorFixture, "a Probe's own namespace label stays") {
  const ScrapeConfig job = Job(kProbeKind, R"({"prober": {"url": "p", "path": "/x"}, "targets":
    {"staticConfig": {"static": ["a"], "labels": {"namespace": "mine"}}}})");
  CHECK(job.static_configs.at(0).labels == Labels({{"namespace", "mine"}}));
  CHECK(job.metrics_path == "/x");
}

TEST_CASE_FIXTURE(MonitorFixture, "a Probe of ingresses") {
  const ScrapeConfig job = Job(kProbeKind, R"({"prober": {"url": "blackbox:9115"}, "targets":
    {"ingress": {"selector": {"matchLabels": {"probe": "yes"}},
                 "namespaceSelector": {"any": true},
                 "relabelingConfigs": [{"targetLabel": "x", "replacement": "y"}]}}})");
  CHECK(job.kubernetes_sd_configs.at(0).role == "ingress");
  CHECK(job.kubernetes_sd_configs.at(0).namespaces.empty());
  const Labels found({{"__address__", "a.example"},
                      {"__meta_kubernetes_namespace", "front"},
                      {"__meta_kubernetes_ingress_name", "site"},
                      {"__meta_kubernetes_ingress_scheme", "https"},
                      {"__meta_kubernetes_ingress_path", "/shop"},
                      {"__meta_kubernetes_ingress_label_probe", "yes"},
                      {"__meta_kubernetes_ingress_labelpresent_probe", "true"}});
  CHECK(Relabelled(job, found) == Labels({{"__address__", "blackbox:9115"},
                                          {"__param_target", "https://a.example/shop"},
                                          {"ingress", "site"},
                                          {"instance", "https://a.example/shop"},
                                          {"job", "probe/shop/api"},
                                          {"namespace", "front"},
                                          {"x", "y"}}));
  CHECK_FALSE(Relabelled(
      job, LabelsBuilder(found).Set("__meta_kubernetes_ingress_label_probe", "no").Build()));
}

TEST_CASE_FIXTURE(MonitorFixture, "a Probe that lacks something is in error") {
  CHECK(Errors(kProbeKind, R"({"prober": {"url": "p"}})") ==
        Texts{"spec.targets: needs staticConfig or ingress"});
  const std::string static_targets = R"("targets": {"staticConfig": {"static": ["a"]}})";
  const Texts no_url = {
      "spec.prober.url: expected host or host:port, the scheme and path have fields of their own"};
  CHECK(Errors(kProbeKind, "{" + static_targets + "}") == no_url);
  CHECK(Errors(kProbeKind, R"({"prober": {"url": "http://p"}, )" + static_targets + "}") == no_url);
  CHECK(Errors(kProbeKind, R"({"prober": {"url": "p"}, "params": [{"name": "a", "values": ["1"]},
    {"name": "a", "values": ["2"]}], )" +
                               static_targets + "}") ==
        Texts{"spec.params[1].name: is in the list already"});
}

}  // namespace
}  // namespace limpet
