#include "tests/discovery/monitor_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;
constexpr auto kServiceKind = MonitorKind::kServiceMonitor;

// As the endpoints role finds a pod behind a service.
Labels Discovered() {
  return Labels({{"__address__", "10.0.0.1:8080"},
                 {"__meta_kubernetes_namespace", "shop"},
                 {"__meta_kubernetes_service_name", "api"},
                 {"__meta_kubernetes_service_label_app", "api"},
                 {"__meta_kubernetes_service_labelpresent_app", "true"},
                 {"__meta_kubernetes_service_label_team_name", "red"},
                 {"__meta_kubernetes_service_labelpresent_team_name", "true"},
                 {"__meta_kubernetes_endpoint_port_name", "metrics"},
                 {"__meta_kubernetes_endpoint_address_target_kind", "Pod"},
                 {"__meta_kubernetes_endpoint_address_target_name", "api-0"},
                 {"__meta_kubernetes_pod_name", "api-0"},
                 {"__meta_kubernetes_pod_phase", "Running"},
                 {"__meta_kubernetes_pod_container_name", "main"},
                 {"__meta_kubernetes_pod_container_port_name", "http"},
                 {"__meta_kubernetes_pod_container_port_number", "8080"},
                 {"__meta_kubernetes_pod_label_zone", "b"},
                 {"__meta_kubernetes_pod_labelpresent_zone", "true"}});
}

Labels With(const Labels& labels, std::string_view name, std::string_view value) {
  return LabelsBuilder(labels).Set(name, value).Build();
}

TEST_CASE_FIXTURE(MonitorFixture, "a ServiceMonitor's rules are those of the operator, in order") {
  const ScrapeConfig job = Job(kServiceKind, R"({
    "jobLabel": "team.name", "targetLabels": ["team.name"], "podTargetLabels": ["zone"],
    "selector": {"matchLabels": {"b.c/d": "1.0", "app": "api"},
                 "matchExpressions": [
                   {"key": "tier", "operator": "In", "values": ["web", "db"]},
                   {"key": "env", "operator": "NotIn", "values": ["test"]},
                   {"key": "on", "operator": "Exists"},
                   {"key": "off", "operator": "DoesNotExist"}]},
    "endpoints": [{"port": "metrics",
                   "relabelings": [{"action": "Replace", "sourceLabels": ["__a"],
                                    "targetLabel": "a", "separator": "", "replacement": ""}],
                   "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "go_.*",
                                          "action": "drop"}]}]})");
  CHECK(job.job_name == "serviceMonitor/shop/api/0");
  CHECK(job.made_from == "ServiceMonitor shop/api");
  const std::string service = "__meta_kubernetes_service_";
  const std::string pod = "__meta_kubernetes_pod_";
  const std::string target = "__meta_kubernetes_endpoint_address_target_";
  CHECK(RuleTexts(job.relabel_configs) ==
        Texts{"replace job /(.*)/ -> __tmp_prometheus_job_name $1",
              "keep " + service + "label_app," + service + "labelpresent_app /api;true/",
              "keep " + service + "label_b_c_d," + service + "labelpresent_b_c_d /(1.0);true/",
              "keep " + service + "label_tier," + service + "labelpresent_tier /(web|db);true/",
              "drop " + service + "label_env," + service + "labelpresent_env /test;true/",
              "keep " + service + "labelpresent_on /true/",
              "drop " + service + "labelpresent_off /true/",
              "keep __meta_kubernetes_endpoint_port_name /metrics/",
              "replace " + target + "kind," + target + "name /Node;(.*)/ -> node ${1}",
              "replace " + target + "kind," + target + "name /Pod;(.*)/ -> pod ${1}",
              "replace __meta_kubernetes_namespace /(.*)/ -> namespace $1",
              "replace " + service + "name /(.*)/ -> service $1",
              "replace " + pod + "name /(.*)/ -> pod $1",
              "replace " + pod + "container_name /(.*)/ -> container $1",
              "drop " + pod + "phase /(Failed|Succeeded)/",
              "replace " + service + "label_team_name /(.+)/ -> team_name ${1}",
              "replace " + pod + "label_zone /(.+)/ -> zone ${1}",
              "replace " + service + "name /(.*)/ -> job ${1}",
              "replace " + service + "label_team_name /(.+)/ -> job ${1}",
              "replace /(.*)/ -> endpoint metrics",
              "replace __a /(.*)/ -> a "});
  CHECK(job.relabel_configs.back().separator == "");
  CHECK(RuleTexts(job.metric_relabel_configs) == Texts{"drop __name__ /go_.*/"});
}

TEST_CASE_FIXTURE(MonitorFixture, "a ServiceMonitor's targets have the labels of the operator") {
  const ScrapeConfig job = Job(kServiceKind, R"({"selector": {"matchLabels": {"app": "api"}},
    "targetLabels": ["team.name"], "podTargetLabels": ["zone", "absent"],
    "endpoints": [{"port": "metrics"}]})");
  CHECK(Relabelled(job, Discovered()) == Labels({{"__address__", "10.0.0.1:8080"},
                                                 {"container", "main"},
                                                 {"endpoint", "metrics"},
                                                 {"job", "api"},
                                                 {"namespace", "shop"},
                                                 {"pod", "api-0"},
                                                 {"service", "api"},
                                                 {"team_name", "red"},
                                                 {"zone", "b"}}));
  CHECK_FALSE(Relabelled(job, With(Discovered(), "__meta_kubernetes_service_label_app", "web")));
  CHECK_FALSE(Relabelled(job, With(Discovered(), "__meta_kubernetes_endpoint_port_name", "http")));
  CHECK_FALSE(Relabelled(job, With(Discovered(), "__meta_kubernetes_pod_phase", "Succeeded")));
}

TEST_CASE_FIXTURE(MonitorFixture,
                  "a ServiceMonitor takes ports by the container's name or number") {
  const ScrapeConfig by_name = Job(kServiceKind, R"({"endpoints": [{"targetPort": "http"}]})");
  CHECK(Relabelled(by_name, Discovered())->Get("endpoint") == "http");
  const ScrapeConfig by_number =
      Job(kServiceKind, R"({"endpoints": [{"targetPort": 8080, "filterRunning": false}]})");
  CHECK(Relabelled(by_number, Discovered())->Get("endpoint") == "8080");
  CHECK(Relabelled(by_number, With(Discovered(), "__meta_kubernetes_pod_phase", "Failed")));
  const ScrapeConfig other = Job(kServiceKind, R"({"endpoints": [{"targetPort": 9090}]})");
  CHECK_FALSE(Relabelled(other, Discovered()));
}

TEST_CASE_FIXTURE(MonitorFixture, "a ServiceMonitor says where to look") {
  const auto namespaces = [this](const std::string& selector) {
    return Job(kServiceKind, R"({"namespaceSelector": )" + selector + R"(, "endpoints": [{}]})")
        .kubernetes_sd_configs.at(0)
        .namespaces;
  };
  CHECK(namespaces("{}") == Texts{"shop"});
  CHECK(namespaces(R"({"any": true})") == Texts{});
  CHECK(namespaces(R"({"matchNames": ["a", "b"]})") == Texts{"a", "b"});
  settings_.ignore_namespace_selectors = true;
  CHECK(namespaces(R"({"any": true})") == Texts{"shop"});
  CHECK(namespaces(R"({"matchNames": ["a", "b"]})") == Texts{"shop"});
}

TEST_CASE_FIXTURE(MonitorFixture, "a ServiceMonitor's role, selectors and metadata") {
  CHECK(Job(kServiceKind, R"({"endpoints": [{}]})").kubernetes_sd_configs[0].role == "endpoints");
  const ScrapeConfig slices = Job(kServiceKind, R"({"serviceDiscoveryRole": "EndpointSlice",
    "attachMetadata": {"node": true}, "selectorMechanism": "RoleSelector",
    "selector": {"matchLabels": {"app": "api"},
                 "matchExpressions": [{"key": "x", "operator": "In", "values": ["a", "b"]},
                                      {"key": "y", "operator": "NotIn", "values": ["c"]},
                                      {"key": "on", "operator": "Exists"},
                                      {"key": "off", "operator": "DoesNotExist"}]},
    "endpoints": [{"port": "metrics"}]})");
  const KubernetesSdConfig& sd = slices.kubernetes_sd_configs.at(0);
  CHECK(sd.role == "endpointslice");
  CHECK(sd.attach.node);
  const std::string label = "app=api,x in (a,b),y notin (c),on,!off";
  CHECK(sd.selectors ==
        std::vector<KubernetesSelector>{{"endpointslice", label, ""}, {"service", label, ""}});
  const Texts rules = RuleTexts(slices.relabel_configs);
  CHECK(rules.at(1) == "keep __meta_kubernetes_endpointslice_port_name /metrics/");
  CHECK(rules.at(2).find("endpointslice_address_target_kind") != std::string::npos);
  settings_.endpoint_slices = true;
  CHECK(Job(kServiceKind, R"({"endpoints": [{}]})").kubernetes_sd_configs[0].role ==
        "endpointslice");
}

TEST_CASE_FIXTURE(MonitorFixture, "each endpoint is a job with its own settings") {
  global_.scrape_interval = Millis(60'000);
  const MonitorJobs made = Translate(kServiceKind, R"({
    "sampleLimit": 100, "targetLimit": 7, "labelLimit": 6, "labelNameLengthLimit": 5,
    "labelValueLengthLimit": 4, "bodySizeLimit": "1MB", "keepDroppedTargets": 3,
    "scrapeProtocols": ["PrometheusProto", "PrometheusText0.0.4"],
    "fallbackScrapeProtocol": "PrometheusText0.0.4", "scrapeNativeHistograms": true,
    "scrapeClassicHistograms": true, "nativeHistogramBucketLimit": 160,
    "convertClassicHistogramsToNHCB": true,
    "nativeHistogramMinBucketFactor": "1100m",
    "endpoints": [
      {"interval": "30s", "scrapeTimeout": "5s", "path": "/m", "scheme": "HTTPS",
       "params": {"a": ["1", "2"]}, "honorLabels": true, "honorTimestamps": false,
       "trackTimestampsStaleness": true, "followRedirects": false, "enableHttp2": false,
       "proxyUrl": "http://proxy:3128", "noProxy": "a.b"},
      {"interval": ""}]})");
  CHECK(made.errors == Texts{});
  REQUIRE(made.jobs.size() == 2);
  const ScrapeConfig& job = made.jobs[0];
  CHECK(job.scrape_interval == Millis(30'000));
  CHECK(job.scrape_timeout == Millis(5000));
  CHECK(job.metrics_path == "/m");
  CHECK(job.scheme == "https");
  CHECK(job.params.at("a") == Texts{"1", "2"});
  CHECK(job.convert_classic_histograms_to_nhcb);
  CHECK(job.honor_labels);
  CHECK_FALSE(job.honor_timestamps);
  CHECK(job.track_timestamps_staleness);
  CHECK_FALSE(job.http.follow_redirects);
  CHECK(job.http.proxy.proxy->url.host == "proxy");
  CHECK(job.http.proxy.no_proxy == "a.b");
  CHECK(job.sample_limit == 100);
  CHECK(job.target_limit == 7);
  CHECK(job.label_limit == 6);
  CHECK(job.label_name_length_limit == 5);
  CHECK(job.label_value_length_limit == 4);
  CHECK(job.body_size_limit == 1u << 20);
  CHECK(job.keep_dropped_targets == 3);
  // The lines are those of no file.
  for (const RelabelRule& rule : job.relabel_configs) CHECK(rule.line.number == 0);
  CHECK(job.scrape_protocols ==
        std::vector{ScrapeProtocol::kPrometheusProto, ScrapeProtocol::kPrometheusText0_0_4});
  CHECK(job.scrape_native_histograms);
  CHECK(job.always_scrape_classic_histograms);
  CHECK(job.native_histogram_bucket_limit == 160);
  CHECK(job.native_histogram_min_bucket_factor == doctest::Approx(1.1));
  CHECK(job.fallback_scrape_protocol == ScrapeProtocol::kPrometheusText0_0_4);
  CHECK(made.jobs[1].job_name == "serviceMonitor/shop/api/1");
  CHECK(made.jobs[1].scrape_interval == Millis(60'000));
  CHECK(made.jobs[1].sample_limit == 100);
}

TEST_CASE_FIXTURE(MonitorFixture, "enforced limits bound what objects set") {
  settings_.enforced_sample_limit = 50;
  settings_.enforced_target_limit = 50;
  settings_.enforced_body_size_limit = 1000;
  settings_.pod_target_labels = {"a.b"};
  const ScrapeConfig job =
      Job(kServiceKind, R"({"sampleLimit": 100, "targetLimit": 7, "endpoints": [{}]})");
  CHECK(job.sample_limit == 50);
  CHECK(job.target_limit == 7);
  CHECK(job.body_size_limit == 1000);
  CHECK(RuleTexts(job.relabel_configs).at(8) ==
        "replace __meta_kubernetes_pod_label_a_b /(.+)/ -> a_b ${1}");
}

TEST_CASE_FIXTURE(MonitorFixture, "targets are looked for at the API server of the objects") {
  settings_.api_server = *ParseUrl("http://127.0.0.1:1");
  settings_.http.follow_redirects = false;
  const ScrapeConfig job = Job(kServiceKind, R"({"endpoints": [{}]})");
  CHECK(job.kubernetes_sd_configs[0].api_server == settings_.api_server);
  CHECK(job.kubernetes_sd_configs[0].http == settings_.http);
}

}  // namespace
}  // namespace limpet
