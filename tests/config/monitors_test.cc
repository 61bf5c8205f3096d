// The block kubernetes_monitors.
#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("monitors: what is left out") {
  CHECK_FALSE(LoadConfig("global: {}", "f", {}).config->kubernetes_monitors);
  const auto loaded = LoadConfig("kubernetes_monitors: {}", "f", {});
  REQUIRE(loaded.config);
  CHECK(loaded.config->kubernetes_monitors == KubernetesMonitorsConfig());
  CHECK(loaded.config->kubernetes_monitors->kinds ==
        std::vector{MonitorKind::kServiceMonitor, MonitorKind::kPodMonitor, MonitorKind::kProbe});
}

TEST_CASE("monitors: every key") {
  const auto loaded = LoadConfig(R"yaml(
kubernetes_monitors:
  kinds: [ScrapeConfig, Probe]
  api_server: https://10.0.0.1:6443
  bearer_token_file: /var/run/token
  namespaces: {names: [a, b]}
  selector: release=main
  namespace_selector: team in (red, blue)
  ignore_namespace_selectors: true
  allow_files: true
  service_discovery_role: EndpointSlice
  pod_target_labels: [app.kubernetes.io/name]
  enforced_body_size_limit: 1MB
  enforced_sample_limit: 1
  enforced_target_limit: 2
  enforced_label_limit: 3
  enforced_label_name_length_limit: 4
  enforced_label_value_length_limit: 5
)yaml",
                                 "f", {});
  REQUIRE(loaded.config);
  KubernetesMonitorsConfig expected;
  expected.kinds = {MonitorKind::kScrapeConfig, MonitorKind::kProbe};
  expected.api_server = ParseUrl("https://10.0.0.1:6443").value();
  expected.http.authorization = {"Bearer", Secret(), "/var/run/token"};
  expected.namespaces = {"a", "b"};
  expected.selector = "release=main";
  expected.namespace_selector = "team in (red, blue)";
  expected.ignore_namespace_selectors = true;
  expected.allow_files = true;
  expected.endpoint_slices = true;
  expected.pod_target_labels = {"app.kubernetes.io/name"};
  expected.enforced_body_size_limit = 1 << 20;
  expected.enforced_sample_limit = 1;
  expected.enforced_target_limit = 2;
  expected.enforced_label_limit = 3;
  expected.enforced_label_name_length_limit = 4;
  expected.enforced_label_value_length_limit = 5;
  CHECK(loaded.config->kubernetes_monitors == expected);
}

TEST_CASE("errors: kubernetes_monitors") {
  const ErrorCase cases[] = {
      {"kubernetes_monitors: yes", "1:22: kubernetes_monitors: expected a mapping, found text\n"},
      {"kubernetes_monitors: {kinds: []}", "1:30: kubernetes_monitors.kinds: must not be empty\n"},
      {"kubernetes_monitors: {kinds: [Probe, Pod, Probe]}",
       "1:38: kubernetes_monitors.kinds[1]: expected one of ServiceMonitor, PodMonitor, Probe, "
       "ScrapeConfig, found \"Pod\"\n"
       "1:43: kubernetes_monitors.kinds[2]: is in the list already\n"},
      {"kubernetes_monitors: {service_discovery_role: Pod}",
       "1:47: kubernetes_monitors.service_discovery_role: expected Endpoints or EndpointSlice, "
       "found \"Pod\"\n"},
      {"kubernetes_monitors: {namespaces: {own_namespace: true}, kubeconfig_file: x}",
       "1:23: kubernetes_monitors.namespaces: own_namespace needs the identity of a pod: it goes "
       "neither with api_server nor with kubeconfig_file\n"},
      {"kubernetes_monitors: {enforced_sample_limit: -1}",
       "1:46: kubernetes_monitors.enforced_sample_limit: expected a whole number from 0, found "
       "\"-1\"\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

}  // namespace limpet
