// A file that uses every key, as a cluster's ConfigMap would hold it.
#include "tests/config/full_config.h"

#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {

namespace {

RelabelRule Rule(RelabelAction action, const char* regex) {
  RelabelRule rule;
  rule.action = action;
  rule.regex = AnchoredRegex::Compile(regex).value();
  return rule;
}

GlobalConfig ExpectedGlobal() {
  GlobalConfig global;
  global.scrape_interval = Millis(30'000);
  global.scrape_timeout = Millis(8'000);
  global.external_labels = {{"cluster", "prod-1"}, {"replica", "0"}};
  return global;
}

ScrapeConfig ExpectedPods() {
  ScrapeConfig pods;
  pods.job_name = "pods";
  pods.scrape_interval = Millis(15'000);
  pods.scrape_timeout = Millis(5'000);
  pods.metrics_path = "/stats/prometheus";
  pods.scheme = "https";
  pods.params = {{"format", {"prometheus"}}, {"match[]", {"up", "{job=\"x\"}"}}};
  pods.honor_labels = true;
  pods.honor_timestamps = false;
  pods.sample_limit = 50'000;
  pods.body_size_limit = 64ull << 20;
  pods.http.basic_auth = {"scraper", Secret("pass word"), ""};
  pods.http.tls.ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  pods.http.tls.cert_file = "/etc/limpet/cert.pem";
  pods.http.tls.key = Secret("-----BEGIN PRIVATE KEY-----\n");
  pods.http.tls.server_name = "pods.internal";
  pods.http.tls.insecure_skip_verify = true;
  pods.http.tls.min_version = "TLS12";
  pods.http.tls.max_version = "TLS13";
  pods.http.proxy.proxy = {ParseUrl("http://proxy.internal:3128").value(), Secret("me:pass word")};
  pods.http.proxy.no_proxy = ".svc,10.0.0.0/8";
  pods.http.proxy.connect_headers = {{"X-Proxy-Key", {}, {Secret("k1"), Secret("k2")}, {}}};
  pods.http.follow_redirects = false;
  pods.http.http_headers = {{"X-Scope", {"a"}, {Secret("b"), Secret("c")}, {"/etc/limpet/scope"}}};

  KubernetesSdConfig kubernetes;
  kubernetes.role = "pod";
  kubernetes.api_server = ParseUrl("https://10.0.0.1:6443").value();
  kubernetes.namespaces = {"default", "web-1"};
  kubernetes.selectors = {{"pod", "app in (a,b),!canary", "spec.nodeName=n1"}};
  kubernetes.http.authorization = {"Bearer", Secret(), "/var/run/token"};
  kubernetes.http.tls.ca_file = "/var/run/ca.crt";
  pods.kubernetes_sd_configs.push_back(kubernetes);
  KubernetesSdConfig own;
  own.role = "endpointslice";
  own.own_namespace = true;
  own.selectors = {{"service", "a=b", ""}, {"pod", "c=d", ""}};
  own.attach = {true, true, true, true, true};
  pods.kubernetes_sd_configs.push_back(own);

  RelabelRule keep = Rule(RelabelAction::kKeep, "true");
  keep.source_labels = {"__meta_kubernetes_pod_annotation_prometheus_io_scrape"};
  RelabelRule address = Rule(RelabelAction::kReplace, R"(([^:]+)(?::\d+)?;(\d+))");
  address.source_labels = {"__address__", "__meta_kubernetes_pod_annotation_prometheus_io_port"};
  address.replacement = "$1:$2";
  address.target_label = "__address__";
  RelabelRule hash = Rule(RelabelAction::kHashMod, "(.*)");
  hash.source_labels = {"__address__"};
  hash.separator = "|";
  hash.modulus = 4;
  hash.target_label = "__tmp_shard";
  pods.relabel_configs = {keep, address, hash,
                          Rule(RelabelAction::kLabelMap, "__meta_kubernetes_pod_label_(.+)")};
  RelabelRule drop = Rule(RelabelAction::kDrop, "go_.*");
  drop.source_labels = {"__name__"};
  pods.metric_relabel_configs = {drop, Rule(RelabelAction::kLabelDrop, "pod_template_hash")};
  return pods;
}

ScrapeConfig ExpectedStatic() {
  ScrapeConfig node;
  node.job_name = "static";
  node.scrape_interval = Millis(30'000);
  node.scrape_timeout = Millis(8'000);
  node.http.authorization = {"Bearer", Secret("abc.def"), ""};
  node.file_sd_configs = {{{"/etc/limpet/targets/*.json", "more.yml"}, Millis(60'000)},
                          {{"a[0-9].YAML"}, Millis(300'000)}};
  HttpSdConfig cmdb;
  cmdb.url_text = "https://cmdb.internal/targets?zone=a";
  cmdb.url = ParseUrl(cmdb.url_text).value();
  cmdb.refresh_interval = Millis(30'000);
  cmdb.http.authorization = {"Bearer", Secret(), "/etc/limpet/cmdb"};
  cmdb.http.tls.ca_file = "/etc/limpet/ca.pem";
  HttpSdConfig plain;
  plain.url_text = "http://localhost";
  plain.url = ParseUrl(plain.url_text).value();
  node.http_sd_configs = {cmdb, plain};
  node.static_configs = {{{"10.0.0.1:9100", "[::1]:9100", "node"}, {{"rack", "r1"}}},
                         {{"10.0.0.2:9100"}, {}}};
  return node;
}

std::vector<RemoteWriteConfig> ExpectedReceivers() {
  RemoteWriteConfig main;
  main.url = ParseUrl("https://vm.example:8427/api/v1/write?tenant=a").value();
  main.name = "main";
  main.remote_timeout = Millis(10'000);
  main.http.authorization = {"Token", Secret(), "/etc/limpet/token"};
  main.http.tls.ca_file = "/etc/limpet/ca.pem";
  main.http.headers = {{"X-Scope-OrgID", "team-a"}, {"x-empty", ""}};
  RelabelRule keep = Rule(RelabelAction::kKeep, "(.*)");
  main.write_relabel_configs = {keep};
  main.protobuf_message = RemoteWriteMessage::kV1;
  main.send_exemplars = true;
  main.send_native_histograms = true;
  main.start_at = ReceiverStart::kOldest;
  main.queue.min_shards = 2;
  main.queue.max_shards = 8;
  main.queue.max_samples_per_send = 2000;
  main.queue.max_bytes_per_send = 1u << 20;
  main.queue.batch_send_deadline = Millis(5000);
  main.queue.min_backoff = Millis(30);
  main.queue.max_backoff = Millis(60'000);
  main.queue.sample_age_limit = Millis(7'200'000);
  RemoteWriteConfig second;
  second.url = ParseUrl("http://localhost:8428/write").value();
  second.name = "second";
  OAuth2Config& oauth2 = second.http.oauth2.emplace();
  oauth2.client_id = "limpet";
  oauth2.client_secret_file = "/etc/limpet/second";
  oauth2.scopes = {"write", "metrics"};
  oauth2.token_url = ParseUrl("https://id.example/token").value();
  oauth2.endpoint_params = {{"audience", "vm"}};
  oauth2.tls.ca_file = "/etc/limpet/ca.pem";
  oauth2.proxy.from_environment = true;
  return {main, second};
}

}  // namespace

TEST_CASE("a file with every key") {
  REQUIRE(ErrorsOf(kFullConfig) == "");
  const Config config = *LoadConfig(kFullConfig, "f", {}).config;
  CHECK(config.global == ExpectedGlobal());
  CHECK(config.scrape_config_files ==
        std::vector<std::string>{"jobs/*.yml", "/etc/limpet/one.yml"});
  REQUIRE(config.scrape_configs.size() == 2);
  const ScrapeConfig& pods = config.scrape_configs[0];
  CHECK(pods.kubernetes_sd_configs == ExpectedPods().kubernetes_sd_configs);
  CHECK(pods.relabel_configs == ExpectedPods().relabel_configs);
  CHECK(pods.metric_relabel_configs == ExpectedPods().metric_relabel_configs);
  CHECK(pods.http == ExpectedPods().http);
  CHECK(pods == ExpectedPods());
  CHECK(config.scrape_configs[1] == ExpectedStatic());
  REQUIRE(config.remote_write.size() == 2);
  CHECK(config.remote_write[0] == ExpectedReceivers()[0]);
  CHECK(config.remote_write[1] == ExpectedReceivers()[1]);
  CHECK(config.storage.max_bytes == 1ull << 30);
  CHECK(config.storage.max_age == Millis(86'400'000));
  CHECK(config.storage.sync_interval == Millis(500));
}

TEST_CASE("two loads of a text are equal, and a change shows") {
  const Config a = *LoadConfig(kFullConfig, "f", {}).config;
  CHECK(a == *LoadConfig(kFullConfig, "g", {}).config);
  std::string changed(kFullConfig);
  const size_t at = changed.find("abc.def");
  REQUIRE(at != std::string::npos);
  changed.replace(at, 7, "abc.deg");
  CHECK_FALSE(a == *LoadConfig(changed, "f", {}).config);
}

}  // namespace limpet
