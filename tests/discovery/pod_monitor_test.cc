#include "tests/discovery/monitor_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;
constexpr auto kPodKind = MonitorKind::kPodMonitor;

Labels DiscoveredPod() {
  return Labels({{"__address__", "10.0.0.1:8080"},
                 {"__meta_kubernetes_namespace", "shop"},
                 {"__meta_kubernetes_pod_name", "api-0"},
                 {"__meta_kubernetes_pod_phase", "Running"},
                 {"__meta_kubernetes_pod_container_name", "main"},
                 {"__meta_kubernetes_pod_container_port_name", "http"},
                 {"__meta_kubernetes_pod_container_port_number", "8080"},
                 {"__meta_kubernetes_pod_label_app", "api"},
                 {"__meta_kubernetes_pod_labelpresent_app", "true"},
                 {"__meta_kubernetes_pod_label_team", "red"},
                 {"__meta_kubernetes_pod_labelpresent_team", "true"}});
}

TEST_CASE_FIXTURE(MonitorFixture, "a PodMonitor's rules are those of the operator, in order") {
  const ScrapeConfig job = Job(kPodKind, R"({
    "jobLabel": "app", "podTargetLabels": ["team"],
    "selector": {"matchLabels": {"app": "api"},
                 "matchExpressions": [{"key": "team", "operator": "Exists"}]},
    "podMetricsEndpoints": [{"port": "http", "relabelings": [{"targetLabel": "x",
                                                              "replacement": "y"}]}]})");
  CHECK(job.job_name == "podMonitor/shop/api/0");
  CHECK(job.made_from == "PodMonitor shop/api");
  CHECK(job.kubernetes_sd_configs.at(0).role == "pod");
  CHECK(job.kubernetes_sd_configs.at(0).namespaces == Texts{"shop"});
  const std::string pod = "__meta_kubernetes_pod_";
  CHECK(RuleTexts(job.relabel_configs) ==
        Texts{"replace job /(.*)/ -> __tmp_prometheus_job_name $1",
              "drop " + pod + "phase /(Failed|Succeeded)/",
              "keep " + pod + "label_app," + pod + "labelpresent_app /api;true/",
              "keep " + pod + "labelpresent_team /true/",
              "keep " + pod + "container_port_name /http/",
              "replace __meta_kubernetes_namespace /(.*)/ -> namespace $1",
              "replace " + pod + "container_name /(.*)/ -> container $1",
              "replace " + pod + "name /(.*)/ -> pod $1",
              "replace " + pod + "label_team /(.+)/ -> team ${1}", "replace /(.*)/ -> job shop/api",
              "replace " + pod + "label_app /(.+)/ -> job ${1}", "replace /(.*)/ -> endpoint http",
              "replace /(.*)/ -> x y"});
}

TEST_CASE_FIXTURE(MonitorFixture, "a PodMonitor's targets have the labels of the operator") {
  const ScrapeConfig job =
      Job(kPodKind, R"({"podTargetLabels": ["team"], "podMetricsEndpoints": [{"port": "http"}]})");
  CHECK(Relabelled(job, DiscoveredPod()) == Labels({{"__address__", "10.0.0.1:8080"},
                                                    {"container", "main"},
                                                    {"endpoint", "http"},
                                                    {"job", "shop/api"},
                                                    {"namespace", "shop"},
                                                    {"pod", "api-0"},
                                                    {"team", "red"}}));
}

TEST_CASE_FIXTURE(MonitorFixture,
                  "a PodMonitor's port is a name, a number, or the old targetPort") {
  const auto labels = [this](const std::string& endpoint) {
    return Relabelled(Job(kPodKind, R"({"podMetricsEndpoints": [)" + endpoint + "]}"),
                      DiscoveredPod());
  };
  CHECK(labels(R"({"portNumber": 8080})"));
  CHECK_FALSE(labels(R"({"portNumber": 8080})")->Has("endpoint"));
  CHECK_FALSE(labels(R"({"portNumber": 80})"));
  CHECK(labels(R"({"targetPort": 8080})")->Get("endpoint") == "8080");
  CHECK(labels(R"({"targetPort": "http"})")->Get("endpoint") == "http");
  CHECK_FALSE(labels(R"({"targetPort": "other"})"));
  CHECK(labels("{}"));
}

TEST_CASE_FIXTURE(MonitorFixture, "a PodMonitor lets the API server select") {
  const ScrapeConfig job = Job(kPodKind, R"({"selectorMechanism": "RoleSelector",
    "selector": {"matchLabels": {"app": "api"}}, "podMetricsEndpoints": [{}]})");
  CHECK(job.kubernetes_sd_configs[0].selectors ==
        std::vector<KubernetesSelector>{{"pod", "app=api", ""}});
  CHECK(RuleTexts(job.relabel_configs).at(2) ==
        "replace __meta_kubernetes_namespace /(.*)/ -> namespace $1");
}

}  // namespace
}  // namespace limpet
