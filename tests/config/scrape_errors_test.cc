// What global and scrape_configs refuse, where they say so, and how.
#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("errors: global") {
  const ErrorCase cases[] = {
      {"global: {scrape_interval: 0}", "1:27: global.scrape_interval: must be greater than 0\n"},
      {"global: {scrape_interval: 15}",
       "1:27: global.scrape_interval: expected a duration such as 15s, 1m30s or 100ms (units y w d "
       "h m s ms), found \"15\"\n"},
      {"global: {scrape_interval: [15s]}",
       "1:27: global.scrape_interval: expected text, found a list\n"},
      {"global: {scrape_timeout: 0s}", "1:26: global.scrape_timeout: must be greater than 0\n"},
      {"global: {scrape_timeout: 16s}",
       "1:26: global.scrape_timeout: must not be greater than scrape_interval (15s)\n"},
      {"global: {scrape_interval: 5s, scrape_timeout: 6s}",
       "1:47: global.scrape_timeout: must not be greater than scrape_interval (5s)\n"},
      {"global: {scrape_interval: x, scrape_timeout: 1h}",
       "1:27: global.scrape_interval: expected a duration such as 15s, 1m30s or 100ms (units y w d "
       "h m s ms), found \"x\"\n"},
      {"global: {scrape_interval: 400y}",
       "1:27: global.scrape_interval: the duration is longer than 292 years, found \"400y\"\n"},
      {"global: {evaluation_interval: 1 minute}",
       "1:31: global.evaluation_interval: expected a duration such as 15s, 1m30s or 100ms (units y "
       "w d h m s ms), found \"1 minute\"\n"},
      {"global: {rule_query_offset: 1m}",
       "1:10: global.rule_query_offset: not supported by limpet: it evaluates no rules and "
       "answers no queries\n"},
      {"global: {scrape_protocols: [a], sample_limit: 5}",
       "1:29: global.scrape_protocols[0]: expected one of OpenMetricsText1.0.0, "
       "OpenMetricsText0.0.1, PrometheusText1.0.0, PrometheusText0.0.4, PrometheusProto, found "
       "\"a\"\n"},
      {"global: {scrape_protocols: [PrometheusProto], label_limit: -1}",
       "1:60: global.label_limit: expected a whole number from 0, found \"-1\"\n"},
      {"global: {scrape_native_histograms: 1, native_histogram_bucket_limit: 5}",
       "1:36: global.scrape_native_histograms: expected true or false, found \"1\"\n"
       "1:39: global: unknown key \"native_histogram_bucket_limit\"; expected one of "
       "always_scrape_classic_histograms, body_size_limit, convert_classic_histograms_to_nhcb, "
       "evaluation_interval, external_labels, "
       "extra_scrape_metrics, fallback_scrape_protocol, keep_dropped_targets, "
       "label_limit, label_name_length_limit, "
       "label_value_length_limit, sample_limit, scrape_interval, scrape_native_histograms, "
       "scrape_protocols, scrape_timeout, target_limit\n"},
      {"global: {scrapeInterval: 5s}",
       "1:10: global: unknown key \"scrapeInterval\"; did you mean \"scrape_interval\"?\n"},
      {"global: {external_labels: {a: [b]}}",
       "1:31: global.external_labels.a: expected text, found a list\n"},
      {"global: {external_labels: [a]}",
       "1:27: global.external_labels: expected a mapping, found a list\n"},
      {"global: {external_labels: {\"\": b}}",
       "1:28: global.external_labels: a label's name must not be empty\n"},
      {"global: {external_labels: {a: b, a: c}}",
       "1:34: global.external_labels: duplicate key \"a\", first at line 1\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: a scrape") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{}]", "1:18: scrape_configs[0]: job_name is missing\n"},
      {"scrape_configs: [{job_name: \"\"}]",
       "1:29: scrape_configs[0].job_name: must not be empty\n"},
      {"scrape_configs: [{job_name: ~}]", "1:18: scrape_configs[0]: job_name is missing\n"},
      {"scrape_configs: [{job_name: [a]}]",
       "1:29: scrape_configs[0].job_name: expected text, found a list\n"},
      {"scrape_configs:\n  - job_name: a\n  - job_name: b\n  - job_name: a",
       "4:15: scrape_configs[2].job_name: \"a\" is the name of scrape_configs[0] already\n"},
      {"scrape_configs: [{job_name: a, honor_labels: maybe}]",
       "1:46: scrape_configs[0].honor_labels: expected true or false, found \"maybe\"\n"},
      {"scrape_configs: [{job_name: a, honor_timestamps: \"true\"}]",
       "1:50: scrape_configs[0].honor_timestamps: expected true or false, found \"true\" in "
       "quotes\n"},
      {"scrape_configs: [{job_name: a, honor_timestamps: {}}]",
       "1:50: scrape_configs[0].honor_timestamps: expected true or false, found a mapping\n"},
      {"scrape_configs: [{job_name: a, sample_limit: -1}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found \"-1\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: \"5\"}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found \"5\" in "
       "quotes\n"},
      {"scrape_configs: [{job_name: a, sample_limit: 1.5}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found \"1.5\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: 1.5e0}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found \"1.5e0\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: -1e+06}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found "
       "\"-1e+06\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: 9007199254740994.0}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found "
       "\"9007199254740994.0\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: inf}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found \"inf\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: nan}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found \"nan\"\n"},
      {"scrape_configs: [{job_name: a, sample_limit: 1e+06x}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found "
       "\"1e+06x\"\n"},
      {"scrape_configs: [{job_name: a, honor_labels: \"y\"}]",
       "1:46: scrape_configs[0].honor_labels: expected true or false, found \"y\" in quotes\n"},
      {"scrape_configs: [{job_name: a, sample_limit: 9223372036854775808}]",
       "1:46: scrape_configs[0].sample_limit: expected a whole number from 0, found "
       "\"9223372036854775808\"\n"},
      {"scrape_configs: [{job_name: a, body_size_limit: 10}]",
       "1:49: scrape_configs[0].body_size_limit: expected a size such as 512KB, 64MB or 1GiB, or "
       "0, found \"10\"\n"},
      {"scrape_configs: [{job_name: a, body_size_limit: 8EB}]",
       "1:49: scrape_configs[0].body_size_limit: the size is larger than 8 EiB, found \"8EB\"\n"},
      {"scrape_configs: [{job_name: a, scheme: HTTP}]",
       "1:40: scrape_configs[0].scheme: expected http or https, found \"HTTP\"\n"},
      {"scrape_configs: [{job_name: a, metrics_path: \"\"}]",
       "1:46: scrape_configs[0].metrics_path: must not be empty\n"},
      {"scrape_configs: [{job_name: a, metrics_path: \"/a\\nb\"}]",
       "1:46: scrape_configs[0].metrics_path: must not contain control characters\n"},
      {"scrape_configs: [{job_name: a, params: {a: b}}]",
       "1:44: scrape_configs[0].params.a: expected a list, found text\n"},
      {"scrape_configs: [{job_name: a, params: {a: [{}]}}]",
       "1:45: scrape_configs[0].params.a[0]: expected text, found a mapping\n"},
      {"scrape_configs: [{job_name: a, params: [a]}]",
       "1:40: scrape_configs[0].params: expected a mapping, found a list\n"},
      {"scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 5001ms}]",
       "1:69: scrape_configs[0].scrape_timeout: must not be greater than scrape_interval (5s)\n"},
      {"scrape_configs: [{job_name: a, scrape_timeout: 16s}]",
       "1:48: scrape_configs[0].scrape_timeout: must not be greater than scrape_interval (15s)\n"},
      {"scrape_configs: [{job_name: a, scrape_interval: 5, scrape_timeout: 20s}]",
       "1:49: scrape_configs[0].scrape_interval: expected a duration such as 15s, 1m30s or 100ms "
       "(units y w d h m s ms), found \"5\"\n"},
      {"scrape_configs: [{job_name: a, interval: 5s}]",
       "1:32: scrape_configs[0]: unknown key \"interval\"; expected one of "
       "always_scrape_classic_histograms, authorization, "
       "basic_auth, bearer_token, bearer_token_file, body_size_limit, "
       "convert_classic_histograms_to_nhcb, enable_compression, "
       "enable_http2, extra_scrape_metrics, fallback_scrape_protocol, "
       "file_sd_configs, follow_redirects, "
       "honor_labels, honor_timestamps, http_headers, http_sd_configs, job_name, "
       "keep_dropped_targets, kubernetes_sd_configs, "
       "label_limit, label_name_length_limit, label_value_length_limit, metric_relabel_configs, "
       "metrics_path, native_histogram_bucket_limit, native_histogram_min_bucket_factor, no_proxy, "
       "oauth2, params, proxy_connect_header, proxy_from_environment, "
       "proxy_url, relabel_configs, sample_limit, scheme, scrape_interval, "
       "scrape_native_histograms, scrape_protocols, "
       "scrape_timeout, static_configs, target_limit, tls_config, track_timestamps_staleness\n"},
      {"scrape_configs: [{job_name: a, consul_sd_configs: [], gce_sd_configs: [], label_limit: 5, "
       "scrape_protocols: []}]",
       "1:32: scrape_configs[0].consul_sd_configs: not supported by limpet\n"
       "1:55: scrape_configs[0].gce_sd_configs: not supported by limpet\n"
       "1:109: scrape_configs[0].scrape_protocols: must not be empty\n"},
      {"scrape_configs: [{job_name: a, scrape_protocols: [PrometheusText0.0.4, "
       "PrometheusText0.0.4], fallback_scrape_protocol: text}]",
       "1:72: scrape_configs[0].scrape_protocols[1]: is in the list already\n"
       "1:120: scrape_configs[0].fallback_scrape_protocol: expected one of OpenMetricsText1.0.0, "
       "OpenMetricsText0.0.1, PrometheusText1.0.0, PrometheusText0.0.4, PrometheusProto, found "
       "\"text\"\n"},
      {"scrape_configs: [{job_name: a, native_histogram_min_bucket_factor: 1.x, "
       "native_histogram_bucket_limit: -1}]",
       "1:68: scrape_configs[0].native_histogram_min_bucket_factor: expected a number such as 1.1, "
       "found \"1.x\"\n"
       "1:104: scrape_configs[0].native_histogram_bucket_limit: expected a whole number from 0, "
       "found \"-1\"\n"},
      {"scrape_configs: [{job_name: a, relabel_config: []}]",
       "1:32: scrape_configs[0]: unknown key \"relabel_config\"; did you mean "
       "\"relabel_configs\"?\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: static_configs") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, static_configs: {targets: [a]}}]",
       "1:48: scrape_configs[0].static_configs: expected a list, found a mapping\n"},
      {"scrape_configs: [{job_name: a, static_configs: [a]}]",
       "1:49: scrape_configs[0].static_configs[0]: expected a mapping, found text\n"},
      {"scrape_configs: [{job_name: a, static_configs: [{targets: a}]}]",
       "1:59: scrape_configs[0].static_configs[0].targets: expected a list, found text\n"},
      {"scrape_configs: [{job_name: a, static_configs: [{targets: [\"http://a:1/x\", \"\", ~, "
       "b:1]}]}]",
       "1:59: scrape_configs[0].static_configs[0].targets[2]: expected host:port, found nothing\n"
       "1:60: scrape_configs[0].static_configs[0].targets[0]: expected host:port, found "
       "\"http://a:1/x\"\n"
       "1:76: scrape_configs[0].static_configs[0].targets[1]: expected host:port, found \"\"\n"},
      {"scrape_configs: [{job_name: a, static_configs: [{targets: [], label: {}}]}]",
       "1:63: scrape_configs[0].static_configs[0]: unknown key \"label\"; did you mean "
       "\"labels\"?\n"},
      {"scrape_configs: [{job_name: a, static_configs: [{labels: {a: {}}}]}]",
       "1:62: scrape_configs[0].static_configs[0].labels.a: expected text, found a mapping\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: kubernetes_sd_configs") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{}]}]",
       "1:56: scrape_configs[0].kubernetes_sd_configs[0]: role is missing, one of: "
       "endpoints, endpointslice, ingress, node, pod, service\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: Pod}]}]",
       "1:63: scrape_configs[0].kubernetes_sd_configs[0].role: there is no role \"Pod\"; there "
       "are: endpoints, endpointslice, ingress, node, pod, service\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: endpoints, selectors: "
       "[{role: node}]}]}]",
       "1:93: scrape_configs[0].kubernetes_sd_configs[0].selectors[0].role: role endpoints takes "
       "selectors of these roles: endpoints, pod, service; found \"node\"\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, api_server: "
       "\"kubernetes:443\"}]}]",
       "1:80: scrape_configs[0].kubernetes_sd_configs[0].api_server: URL must start with http:// "
       "or https://\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, api_server: "
       "\"https://a\", kubeconfig_file: b}]}]",
       "1:93: scrape_configs[0].kubernetes_sd_configs[0].kubeconfig_file: at most one of "
       "api_server and kubeconfig_file may be set\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, tls_config: {ca_file: "
       "a}}]}]",
       "1:68: scrape_configs[0].kubernetes_sd_configs[0].tls_config: takes effect with api_server "
       "only; set that as well\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, kubeconfig_file: b, "
       "bearer_token: c}]}]",
       "1:88: scrape_configs[0].kubernetes_sd_configs[0].bearer_token: takes effect with "
       "api_server only; set that as well\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, namespaces: {names: "
       "[Default, a/b, ok]}}]}]",
       "1:89: scrape_configs[0].kubernetes_sd_configs[0].namespaces.names[0]: expected a namespace "
       "(lower-case letters, digits and -), found \"Default\"\n"
       "1:98: scrape_configs[0].kubernetes_sd_configs[0].namespaces.names[1]: expected a namespace "
       "(lower-case letters, digits and -), found \"a/b\"\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, namespaces: [a]}]}]",
       "1:80: scrape_configs[0].kubernetes_sd_configs[0].namespaces: expected a mapping, found a "
       "list\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, kubeconfig_file: x, "
       "namespaces: {own_namespace: true}}]}]",
       "1:88: scrape_configs[0].kubernetes_sd_configs[0].namespaces: own_namespace needs the "
       "identity of a pod: it goes neither with api_server nor with kubeconfig_file\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, selectors: [{role: "
       "service}, {label: a=b}]}]}]",
       "1:87: scrape_configs[0].kubernetes_sd_configs[0].selectors[0].role: role pod takes "
       "selectors of these roles: node, pod; found \"service\"\n"
       "1:97: scrape_configs[0].kubernetes_sd_configs[0].selectors[1]: a selector needs role\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, selectors: [{role: "
       "pod}, {role: pod, labels: x}]}]}]",
       "1:100: scrape_configs[0].kubernetes_sd_configs[0].selectors[1].role: there is a selector "
       "of this role already\n"
       "1:105: scrape_configs[0].kubernetes_sd_configs[0].selectors[1]: unknown key \"labels\"; "
       "did you mean \"label\"?\n"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, attach_metadata: {node: "
       "true, nodes: true, namespace: 1}}]}]",
       "1:98: scrape_configs[0].kubernetes_sd_configs[0].attach_metadata: unknown key \"nodes\"; "
       "did you mean \"node\"?\n"
       "1:122: scrape_configs[0].kubernetes_sd_configs[0].attach_metadata.namespace: expected true "
       "or false, found \"1\"\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

}  // namespace limpet
