#include "tests/discovery/monitor_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;
constexpr auto kScrapeConfigKind = MonitorKind::kScrapeConfig;

TEST_CASE_FIXTURE(MonitorFixture, "a ScrapeConfig of static targets") {
  AddSecret("login", {{"user", "anna"}, {"password", "pw"}});
  const ScrapeConfig job = Job(kScrapeConfigKind, R"({
    "jobName": "hosts", "metricsPath": "/m", "scrapeInterval": "1m", "scrapeTimeout": "2s",
    "scheme": "HTTP", "params": {"a": ["b"]}, "honorLabels": true, "honorTimestamps": false,
    "trackTimestampsStaleness": true, "enableCompression": false, "enableHTTP2": true,
    "basicAuth": {"username": {"name": "login", "key": "user"},
                  "password": {"name": "login", "key": "password"}},
    "labelLimit": 30, "bodySizeLimit": "5MB",
    "staticConfigs": [{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}],
    "relabelings": [{"sourceLabels": ["x"], "targetLabel": "z"}],
    "metricRelabelings": [{"action": "labeldrop", "regex": "q"}]})");
  CHECK(job.job_name == "scrapeConfig/shop/api");
  CHECK(job.metrics_path == "/m");
  CHECK(job.scrape_interval == Millis(60'000));
  CHECK(job.scrape_timeout == Millis(2000));
  CHECK(job.params.at("a") == Texts{"b"});
  CHECK(job.honor_labels);
  CHECK_FALSE(job.honor_timestamps);
  CHECK(job.track_timestamps_staleness);
  CHECK_FALSE(job.enable_compression);
  CHECK(job.http.basic_auth->username == "anna");
  CHECK(job.http.basic_auth->password.Reveal() == "pw");
  CHECK(job.label_limit == 30);
  CHECK(job.body_size_limit == 5u << 20);
  CHECK(job.static_configs == std::vector<StaticConfig>{{{"a:1", "b:2"}, Labels({{"x", "y"}})}});
  CHECK(RuleTexts(job.relabel_configs) ==
        Texts{"replace job /(.*)/ -> __tmp_prometheus_job_name $1", "replace /(.*)/ -> job hosts",
              "replace x /(.*)/ -> z $1"});
  CHECK(RuleTexts(job.metric_relabel_configs) == Texts{"labeldrop /q/"});
}

TEST_CASE_FIXTURE(MonitorFixture, "a ScrapeConfig that asks Kubernetes") {
  settings_.kubeconfig_file = "/etc/kubeconfig";
  const ScrapeConfig job = Job(kScrapeConfigKind, R"({"kubernetesSDConfigs": [
    {"role": "Endpoints", "namespaces": {"names": ["a"]},
     "selectors": [{"role": "Service", "label": "app=api", "field": "metadata.name=x"}],
     "attachMetadata": {"node": true}},
    {"role": "Node", "apiServer": "https://k.example:6443"}]})");
  REQUIRE(job.kubernetes_sd_configs.size() == 2);
  const KubernetesSdConfig& first = job.kubernetes_sd_configs[0];
  CHECK(first.role == "endpoints");
  CHECK(first.namespaces == Texts{"a"});
  CHECK(first.selectors ==
        std::vector<KubernetesSelector>{{"service", "app=api", "metadata.name=x"}});
  CHECK(first.attach.node);
  CHECK(first.kubeconfig_file == "/etc/kubeconfig");
  const KubernetesSdConfig& second = job.kubernetes_sd_configs[1];
  CHECK(second.role == "node");
  CHECK(second.api_server->host == "k.example");
  CHECK(second.kubeconfig_file.empty());
}

TEST_CASE_FIXTURE(MonitorFixture, "a ScrapeConfig that asks a server for targets") {
  AddSecret("sd", {{"token", "t0k3n"}});
  const ScrapeConfig job = Job(kScrapeConfigKind, R"({"httpSDConfigs": [
    {"url": "http://sd.example/targets", "refreshInterval": "5s",
     "authorization": {"credentials": {"name": "sd", "key": "token"}}}]})");
  REQUIRE(job.http_sd_configs.size() == 1);
  CHECK(job.http_sd_configs[0].url.host == "sd.example");
  CHECK(job.http_sd_configs[0].refresh_interval == Millis(5000));
  CHECK(job.http_sd_configs[0].http.authorization->credentials.Reveal() == "t0k3n");
}

TEST_CASE_FIXTURE(MonitorFixture, "a ScrapeConfig reads files where that is allowed") {
  const std::string spec = R"({"fileSDConfigs": [{"files": ["/etc/targets/*.json"]}]})";
  CHECK(Errors(kScrapeConfigKind, spec).front() ==
        "spec.fileSDConfigs[0].files: files are not allowed (allow_files in kubernetes_monitors)");
  settings_.allow_files = true;
  CHECK(Job(kScrapeConfigKind, spec).file_sd_configs.at(0).files == Texts{"/etc/targets/*.json"});
}

TEST_CASE_FIXTURE(MonitorFixture, "a ScrapeConfig that discovers otherwise is in error") {
  CHECK(Errors(kScrapeConfigKind, R"({"consulSDConfigs": [{"server": "c:1"}], "dnsSDConfigs": [],
                          "staticConfigs": [{"targets": ["a:1"]}]})") ==
        Texts{"spec.consulSDConfigs: not supported by limpet"});
}

}  // namespace
}  // namespace limpet
