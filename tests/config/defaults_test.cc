// What is taken where the file says nothing, and a file that says everything.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "agent/config/load.h"
#include "tests/config/config_errors.h"

namespace limpet {

namespace {

Config Loaded(std::string_view text, const LoadOptions& options = {}) {
  REQUIRE(ErrorsOf(text, options) == "");
  return *LoadConfig(text, "f", options).config;
}

}  // namespace

TEST_CASE("an empty file is the default configuration") {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "---\n---\n", "{}", "null",
                           "global:\nscrape_configs:\n", "\xef\xbb\xbfglobal: {}"}) {
    CAPTURE(text);
    const Config config = Loaded(text);
    CHECK(config == Config());
    CHECK(config.global.scrape_interval == Millis(15'000));
    CHECK(config.global.scrape_timeout == Millis(10'000));
    CHECK(config.storage.max_bytes == 512ull << 20);
    CHECK(config.storage.max_age == Millis(0));
    CHECK(config.storage.sync_interval == Millis(1000));
  }
}

TEST_CASE("defaults of a scrape") {
  const Config config = Loaded("scrape_configs: [{job_name: a}]");
  const ScrapeConfig& scrape = config.scrape_configs.at(0);
  ScrapeConfig expected;
  expected.job_name = "a";
  CHECK(scrape == expected);
  CHECK(scrape.scrape_interval == Millis(15'000));
  CHECK(scrape.scrape_timeout == Millis(10'000));
  CHECK(scrape.metrics_path == "/metrics");
  CHECK(scrape.scheme == "http");
  CHECK_FALSE(scrape.honor_labels);
  CHECK(scrape.honor_timestamps);
  CHECK(scrape.sample_limit == 0);
  CHECK(scrape.body_size_limit == 0);
}

TEST_CASE("a timeout that is not set is the lesser of the default and the interval") {
  struct Case {
    const char* text;
    int64_t interval_s;
    int64_t timeout_s;
  };
  for (const Case& c :
       {Case{"scrape_configs: [{job_name: a}]", 15, 10},
        {"global: {scrape_interval: 5s}\nscrape_configs: [{job_name: a}]", 5, 5},
        {"global: {scrape_interval: 60s, scrape_timeout: 20s}\nscrape_configs: [{job_name: a}]", 60,
         20},
        {"global: {scrape_interval: 60s, scrape_timeout: 20s}\n"
         "scrape_configs: [{job_name: a, scrape_interval: 7s}]",
         7, 7},
        {"scrape_configs: [{job_name: a, scrape_interval: 1m, scrape_timeout: 1m}]", 60, 60},
        {"scrape_configs: [{job_name: a, scrape_interval: 1m}]", 60, 10}}) {
    CAPTURE(c.text);
    const Config config = Loaded(c.text);
    CHECK(config.scrape_configs.at(0).scrape_interval == std::chrono::seconds(c.interval_s));
    CHECK(config.scrape_configs.at(0).scrape_timeout == std::chrono::seconds(c.timeout_s));
  }
}

TEST_CASE("defaults of a receiver; its name comes from its url") {
  const Config config = Loaded("remote_write: [{url: 'http://a/x'}, {url: 'http://b/x'}]");
  const RemoteWriteConfig& receiver = config.remote_write.at(0);
  CHECK(receiver.remote_timeout == Millis(30'000));
  CHECK(receiver.queue == QueueConfig());
  CHECK(receiver.queue.max_samples_per_send == 5000);
  CHECK(receiver.queue.max_bytes_per_send == 4u << 20);
  CHECK(receiver.queue.min_shards == 1);
  CHECK(receiver.queue.max_shards == 16);
  CHECK(receiver.protobuf_message == RemoteWriteMessage::kAuto);
  CHECK_FALSE(receiver.send_exemplars);
  CHECK_FALSE(receiver.send_native_histograms);
  CHECK(receiver.start_at == ReceiverStart::kNow);
  // Cursors on disk bear this name: it must not change from one release to the next.
  CHECK(receiver.name == "617d0f");
  CHECK(config.remote_write.at(1).name == "b93d60");
}

TEST_CASE("relabel rules: Prometheus' defaults") {
  const Config config = Loaded(
      "scrape_configs: [{job_name: a, relabel_configs: [{target_label: x}, {action: KEEP}]}]");
  RelabelRule expected;
  expected.target_label = "x";
  CHECK(config.scrape_configs[0].relabel_configs.at(0) == expected);
  CHECK(expected.separator == ";");
  CHECK(expected.regex.text() == "(.*)");
  CHECK(expected.replacement == "$1");
  CHECK(config.scrape_configs[0].relabel_configs.at(1).action == RelabelAction::kKeep);
  CHECK(config.scrape_configs[0].relabel_configs.at(1).regex.IsMatchAll());
}

TEST_CASE("relabel rules: each knows its line, which makes no other rule of it") {
  const std::string job = "scrape_configs:\n- job_name: a\n  relabel_configs:\n";
  const auto rules =
      Loaded(job + "  - {target_label: x}\n\n  - action: keep\n").scrape_configs[0].relabel_configs;
  CHECK(rules.at(0).line.number == 4);
  CHECK(rules.at(1).line.number == 6);
  const auto moved = Loaded("\n" + job + "  - {target_label: x}\n  - action: keep\n")
                         .scrape_configs[0]
                         .relabel_configs;
  CHECK(moved.at(0).line.number == 5);
  CHECK(moved == rules);
}

TEST_CASE("relabel rules: a key with nothing behind it is empty, not the default") {
  const Config config = Loaded(R"(
scrape_configs:
  - job_name: a
    relabel_configs:
      - action: keep
        regex:
        separator:
      - target_label: x
        replacement:
)");
  const std::vector<RelabelRule>& rules = config.scrape_configs[0].relabel_configs;
  CHECK(rules.at(0).regex.Matches(""));
  CHECK_FALSE(rules.at(0).regex.Matches("a"));
  CHECK(rules.at(0).separator == "");
  CHECK(rules.at(1).replacement == "");
  CHECK(rules.at(1).regex.IsMatchAll());
}

TEST_CASE("relabel rules: those that spell out defaults") {
  const Config config = Loaded(R"(
scrape_configs:
  - job_name: a
    relabel_configs:
      - {action: labeldrop, regex: foo, separator: ;, replacement: $1}
      - {action: labelkeep, regex: foo, modulus: 0, target_label: ""}
      - {action: keepequal, source_labels: [a], target_label: b, regex: (.*), separator: ;,
         replacement: $1, modulus: 0}
      - {action: lowercase, source_labels: [a], target_label: b, replacement: $1}
)");
  RelabelRule expected;
  expected.action = RelabelAction::kLabelDrop;
  expected.regex = *AnchoredRegex::Compile("foo");
  CHECK(config.scrape_configs[0].relabel_configs.at(0) == expected);
  CHECK(config.scrape_configs[0].relabel_configs.size() == 4);
}

TEST_CASE("a trailing document mark and evaluation_interval are of no consequence") {
  for (const char* text : {"global: {scrape_interval: 5s}\n---\n",
                           "global: {scrape_interval: 5s}\n...\n---\n---\n# nothing\n",
                           "global: {scrape_interval: 5s, evaluation_interval: 1m}"}) {
    CAPTURE(text);
    CHECK(Loaded(text).global.scrape_interval == Millis(5000));
  }
}

TEST_CASE("numbers as Helm prints them, booleans as YAML 1.1 has them") {
  const Config config = Loaded(R"(
scrape_configs:
  - {job_name: a, sample_limit: 1e+06, honor_labels: y, honor_timestamps: n}
  - {job_name: b, sample_limit: 9007199254740992.0, honor_labels: Y, honor_timestamps: N}
  - {job_name: c, sample_limit: 9223372036854775807}
)");
  CHECK(config.scrape_configs.at(0).sample_limit == 1'000'000);
  CHECK(config.scrape_configs.at(1).sample_limit == 9'007'199'254'740'992u);
  CHECK(config.scrape_configs.at(2).sample_limit == 9'223'372'036'854'775'807u);
  for (const size_t i : {0, 1}) {
    CHECK(config.scrape_configs.at(i).honor_labels);
    CHECK_FALSE(config.scrape_configs.at(i).honor_timestamps);
  }
}

TEST_CASE("values that are not text in YAML are text where text is asked for") {
  const Config config = Loaded(
      "global: {external_labels: {a: 5, b: true, c: 1.50, d: '', e: ~}}\n"
      "scrape_configs: [{job_name: 1, honor_labels: Yes, honor_timestamps: off}]");
  CHECK(config.global.external_labels == Labels{{"a", "5"}, {"b", "true"}, {"c", "1.50"}});
  CHECK(config.scrape_configs[0].job_name == "1");
  CHECK(config.scrape_configs[0].honor_labels);
  CHECK_FALSE(config.scrape_configs[0].honor_timestamps);
}

TEST_CASE("anchors, aliases and merge keys") {
  const Config config = Loaded(R"(
scrape_configs:
  - &base
    job_name: a
    scheme: https
    relabel_configs: &rules
      - {action: labeldrop, regex: x.*}
  - <<: *base
    job_name: b
    metric_relabel_configs: *rules
  - <<: [{scheme: http}, *base]
    job_name: c
)");
  REQUIRE(config.scrape_configs.size() == 3);
  CHECK(config.scrape_configs[1].job_name == "b");
  CHECK(config.scrape_configs[1].scheme == "https");
  CHECK(config.scrape_configs[1].relabel_configs == config.scrape_configs[0].relabel_configs);
  CHECK(config.scrape_configs[1].metric_relabel_configs ==
        config.scrape_configs[0].relabel_configs);
  CHECK(config.scrape_configs[2].scheme == "http");
  CHECK(config.scrape_configs[2].relabel_configs.size() == 1);
}

TEST_CASE("variables are replaced in values only, where that is asked for, and not in rules") {
  setenv("LIMPET_TEST_ZONE", "eu-1", 1);
  setenv("LIMPET_TEST_LIMIT", "50", 1);
  setenv("1", "one", 1);
  const char* text = R"(
global: {external_labels: {zone: "${LIMPET_TEST_ZONE}", price: "$$5", "${LIMPET_TEST_ZONE}": k}}
scrape_configs:
  - job_name: j-${LIMPET_TEST_ZONE}
    sample_limit: ${LIMPET_TEST_LIMIT}
    relabel_configs:
      - {regex: "${LIMPET_TEST_ZONE}", target_label: "${LIMPET_TEST_ZONE}",
         replacement: "$$${1}${LIMPET_TEST_ZONE}"}
)";
  LoadOptions options;
  options.expand_env = true;
  const Config config = Loaded(text, options);
  CHECK(config.global.external_labels ==
        Labels{{"zone", "eu-1"}, {"price", "$5"}, {"${LIMPET_TEST_ZONE}", "k"}});
  CHECK(config.scrape_configs[0].job_name == "j-eu-1");
  CHECK(config.scrape_configs[0].sample_limit == 50);
  const RelabelRule& rule = config.scrape_configs[0].relabel_configs.at(0);
  CHECK(rule.regex.text() == "${LIMPET_TEST_ZONE}");
  CHECK(rule.target_label == "${LIMPET_TEST_ZONE}");
  CHECK(rule.replacement == "$$${1}${LIMPET_TEST_ZONE}");

  const Config plain = Loaded("scrape_configs: [{job_name: '${LIMPET_TEST_ZONE}$$'}]");
  CHECK(plain.scrape_configs[0].job_name == "${LIMPET_TEST_ZONE}$$");
}

TEST_CASE("variables in external labels are replaced without being asked for, as in Prometheus") {
  setenv("LIMPET_TEST_ZONE", "eu-1", 1);
  const char* text = R"(
global:
  external_labels: {a: "${LIMPET_TEST_ZONE}", b: "x-$LIMPET_TEST_ZONE-y", c: "$$5 $", d: plain,
                    "$LIMPET_TEST_ZONE": k, n: 5}
scrape_configs: [{job_name: j, static_configs: [{targets: [a], labels: {z: $LIMPET_TEST_ZONE}}]}]
)";
  for (const bool expand_env : {false, true}) {
    LoadOptions options;
    options.expand_env = expand_env;
    const Config config = Loaded(text, options);
    CHECK(config.global.external_labels == Labels{{"a", "eu-1"},
                                                  {"b", "x-eu-1-y"},
                                                  {"c", "$5 $"},
                                                  {"d", "plain"},
                                                  {"$LIMPET_TEST_ZONE", "k"},
                                                  {"n", "5"}});
    CHECK(config.scrape_configs[0].static_configs[0].labels.Get("z") == "$LIMPET_TEST_ZONE");
  }
}

TEST_CASE("files are taken from the directory of the configuration") {
  char directory[] = "/tmp/limpet_config_test_XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/limpet.yml";
  std::ofstream(path) << R"(
scrape_configs:
  - job_name: a
    authorization: {credentials_file: token}
    tls_config: {ca_file: /etc/ca.pem, cert_file: tls/cert.pem, key_file: ../key.pem}
    kubernetes_sd_configs: [{role: pod, kubeconfig_file: kubeconfig}]
  - {job_name: b, basic_auth: {username: u, password_file: p}}
)";
  const LoadedConfig loaded = LoadConfigFile(path, {});
  std::remove(path.c_str());
  rmdir(directory);
  REQUIRE(loaded.errors.empty());
  const ScrapeConfig& scrape = loaded.config->scrape_configs.at(0);
  const std::string base = std::string(directory) + "/";
  CHECK(scrape.http.authorization->credentials_file == base + "token");
  CHECK(scrape.http.tls.ca_file == "/etc/ca.pem");
  CHECK(scrape.http.tls.cert_file == base + "tls/cert.pem");
  CHECK(scrape.http.tls.key_file == base + "../key.pem");
  CHECK(scrape.kubernetes_sd_configs.at(0).kubeconfig_file == base + "kubeconfig");
  CHECK(loaded.config->scrape_configs.at(1).http.basic_auth->password_file == base + "p");

  const LoadedConfig missing = LoadConfigFile(path, {});
  CHECK_FALSE(missing.config);
  REQUIRE(missing.errors.size() == 1);
  CHECK(missing.errors[0].ToString().find(path + ":1:1: ") == 0);
  CHECK(missing.errors[0].message.find("No such file") != std::string::npos);
}

}  // namespace limpet
