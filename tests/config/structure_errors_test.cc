// What the text as a whole may be: YAML, one document, a mapping, its keys.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("errors: yaml that cannot be read") {
  const ErrorCase cases[] = {
      {"a: [", "1:1: not valid YAML: end of sequence flow not found\n"},
      {"global: {a: b", "1:1: not valid YAML: end of map flow not found\n"},
      {"a: b: c", "1:5: not valid YAML: illegal map value\n"},
      {"global:\n\tscrape_interval: 5s",
       "2:1: not valid YAML: a tab in the indentation; expected spaces\n"},
      {"global: \"x", "1:11: not valid YAML: illegal EOF in scalar\n"},
      {"*x", "1:1: not valid YAML: the referenced anchor is not defined\n"},
      {"global: *nothing", "1:9: not valid YAML: the referenced anchor is not defined\n"},
      {"global: &a [*a]", "1:13: an alias must not stand within its own anchor\n"},
      {"global: !!map {}", "1:9: YAML tags are not supported here\n"},
      {"global: !x y", "1:9: YAML tags are not supported here\n"},
      {"a: 'b' c", "1:8: not valid YAML: end of map not found\n"},
      {"global: {external_labels: {a: \"\\ud800\"}}",
       "1:38: not valid YAML: invalid unicode: 55296\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: the text") {
  const ErrorCase cases[] = {
      {"a: \001", "1:4: control character; expected text\n"},
      {"global:\n  x: a\177", "2:7: control character; expected text\n"},
      {"global:\n  \303\203\302\251x: \377", "2:10: not valid UTF-8; expected text\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: one mapping") {
  const ErrorCase cases[] = {
      {"- a", "1:1: expected a mapping, found a list\n"},
      {"foo", "1:1: expected a mapping, found text\n"},
      {"5", "1:1: expected a mapping, found text\n"},
      {"global: {}\n---\nstorage: {}", "2:1: more than one YAML document; expected only one\n"},
      {"global: {}\n---\nx", "2:1: more than one YAML document; expected only one\n"},
      {"global: {}\n---\n---\n[]", "3:1: more than one YAML document; expected only one\n"},
      {"---\n---\nglobal: {}", "2:1: more than one YAML document; expected only one\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: keys") {
  const ErrorCase cases[] = {
      {"globl: {}", "1:1: unknown key \"globl\"; did you mean \"global\"?\n"},
      {"scrape_config: []",
       "1:1: unknown key \"scrape_config\"; did you mean \"scrape_configs\"?\n"},
      {"something: 1",
       "1:1: unknown key \"something\"; expected one of global, kubernetes_monitors, "
       "remote_write, scrape_config_files, scrape_configs, storage\n"},
      {"rule_files: []\nalerting: {}\nremote_read: []\ntracing: {}\notlp: {}",
       "1:1: rule_files: not supported by limpet: it evaluates no rules\n"
       "2:1: alerting: not supported by limpet: it evaluates no rules and sends no alerts\n"
       "3:1: remote_read: not supported by limpet: it answers no queries\n"
       "4:1: tracing: not supported by limpet\n"
       "5:1: otlp: not supported by limpet\n"},
      {"global: {}\nglobal: {}", "2:1: duplicate key \"global\", first at line 1\n"},
      {"{global: {}, \"global\": {}}", "1:14: duplicate key \"global\", first at line 1\n"},
      {"? [a]\n: b", "1:3: expected text as a key, found a list\n"},
      {"global: {~: x}", "1:9: global: expected text as a key, found nothing\n"},
      {"\"\": x",
       "1:1: unknown key \"\"; expected one of global, kubernetes_monitors, remote_write, "
       "scrape_config_files, scrape_configs, storage\n"},
      {"Remote-Write: []", "1:1: unknown key \"Remote-Write\"; did you mean \"remote_write\"?\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: types of blocks") {
  const ErrorCase cases[] = {
      {"global: 5", "1:9: global: expected a mapping, found text\n"},
      {"global: []", "1:9: global: expected a mapping, found a list\n"},
      {"scrape_configs: {}", "1:17: scrape_configs: expected a list, found a mapping\n"},
      {"scrape_configs: a", "1:17: scrape_configs: expected a list, found text\n"},
      {"scrape_configs: [5, [], ~]",
       "1:17: scrape_configs[2]: expected a mapping, found nothing\n"
       "1:18: scrape_configs[0]: expected a mapping, found text\n"
       "1:21: scrape_configs[1]: expected a mapping, found a list\n"},
      {"scrape_configs:\n  - job_name: a\n  -\nremote_write: []",
       "2:3: scrape_configs[1]: expected a mapping, found nothing\n"},
      {"remote_write: {url: x}", "1:15: remote_write: expected a list, found a mapping\n"},
      {"storage: [a]", "1:10: storage: expected a mapping, found a list\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: merge keys") {
  const ErrorCase cases[] = {
      {"global: {<<: 5}",
       "1:14: global: expected a mapping or a list of mappings to merge, found \"5\"\n"},
      {"global: {<<: [5]}",
       "1:14: global: expected a mapping or a list of mappings to merge, found a list\n"},
      {"a: &a {x: 1}\nglobal: {<<: *a}",
       "1:1: unknown key \"a\"; expected one of global, kubernetes_monitors, remote_write, "
       "scrape_config_files, scrape_configs, storage\n"
       "1:8: global: unknown key \"x\"; expected one of always_scrape_classic_histograms, "
       "body_size_limit, convert_classic_histograms_to_nhcb, "
       "evaluation_interval, external_labels, extra_scrape_metrics, fallback_scrape_protocol, "
       "keep_dropped_targets, label_limit, label_name_length_limit, label_value_length_limit, "
       "sample_limit, "
       "scrape_interval, scrape_native_histograms, scrape_protocols, scrape_timeout, "
       "target_limit\n"},
      {"global: {\"<<\": {scrape_interval: 1s}}",
       "1:10: global: unknown key \"<<\"; expected one of always_scrape_classic_histograms, "
       "body_size_limit, convert_classic_histograms_to_nhcb, "
       "evaluation_interval, external_labels, extra_scrape_metrics, fallback_scrape_protocol, "
       "keep_dropped_targets, label_limit, label_name_length_limit, label_value_length_limit, "
       "sample_limit, "
       "scrape_interval, scrape_native_histograms, scrape_protocols, scrape_timeout, "
       "target_limit\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

TEST_CASE("errors: limits") {
  CHECK(ErrorsOf(std::string((4 << 20) + 1, '#')) == "1:1: the file is larger than 4 MiB\n");
  CHECK(ErrorsOf("a: " + std::string(63, '[') + std::string(63, ']')).find("nested") ==
        std::string::npos);
  CHECK(ErrorsOf("a: " + std::string(64, '[') + std::string(64, ']')) ==
        "1:67: nested deeper than 64 levels\n");
  std::string many;
  for (int i = 0; i < 100'001; ++i) many += "-\n";
  CHECK(ErrorsOf(many) == "100001:1: more than 100000 keys and values\n");
  CHECK(ErrorsOf(std::string(200'001, ',')) ==
        "1:200001: more than 200000 brackets, commas, quotes, anchors and aliases\n");

  std::string wrong = "global:\n";
  for (int i = 0; i < 200; ++i) wrong += "  k" + std::to_string(i) + ": 1\n";
  const LoadedConfig loaded = LoadConfig(wrong, "f", {});
  CHECK(loaded.errors.size() == 101);
}

TEST_CASE("errors: aliases that multiply") {
  std::string text = "a0: &a0 {action: labeldrop, regex: x}\n";
  text += "scrape_configs:\n  - job_name: j\n    relabel_configs: [*a0";
  for (int i = 0; i < 40'000; ++i) text += ", *a0";
  const std::string errors = ErrorsOf(text + "]\n");
  CHECK(errors.find("aliases make more than 100000 values or 16 MiB of this file") !=
        std::string::npos);
  CHECK(errors.size() < 400);

  text = "x: &x " + std::string(1 << 20, 'a') + "\nscrape_configs:\n";
  text += "  - {job_name: j, static_configs: [{targets: [*x";
  for (int i = 0; i < 100; ++i) text += ", *x";
  CHECK(ErrorsOf(text + "]}]}\n").find("16 MiB") != std::string::npos);

  // What is wrong behind an alias is told once for each path that leads to it.
  CHECK(ErrorsOf("scrape_configs:\n"
                 "  - {job_name: a, params: &p {x: y}}\n"
                 "  - {job_name: b, params: *p}\n") ==
        "2:34: scrape_configs[0].params.x: expected a list, found text\n"
        "2:34: scrape_configs[1].params.x: expected a list, found text\n");

  std::string chain = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 3000; ++i) {
    const std::string n = std::to_string(i);
    chain += "a" + n + ": &a" + n + " {<<: *a" + std::to_string(i - 1) + "}\n";
  }
  CHECK(ErrorsOf(chain + "global: {<<: *a2999}\n")
            .find("global: merge keys nested deeper than 16 levels\n") != std::string::npos);
}

TEST_CASE("errors: variables that are not set") {
  unsetenv("LIMPET_TEST_UNSET");
  CHECK(ErrorsOf("global:\n  external_labels: {a: x$LIMPET_TEST_UNSET, b: [$HOME]}\n") ==
        "2:24: global.external_labels.a: environment variable LIMPET_TEST_UNSET is not set\n"
        "2:48: global.external_labels.b: expected text, found a list\n");
  LoadOptions options;
  options.expand_env = true;
  CHECK(ErrorsOf("global:\n  external_labels: {a: 'x${LIMPET_TEST_UNSET}'}\n"
                 "scrape_configs: [{job_name: a, bearer_token: '${LIMPET_TEST_UNSET}'}]",
                 options) ==
        "2:24: global.external_labels.a: environment variable LIMPET_TEST_UNSET is not set\n"
        "3:46: scrape_configs[0].bearer_token: environment variable LIMPET_TEST_UNSET is not "
        "set\n");
  setenv("LIMPET_TEST_WRONG", "s3cret", 1);
  CHECK(ErrorsOf("global: {scrape_interval: '${LIMPET_TEST_WRONG}'}", options) ==
        "1:27: global.scrape_interval: expected a duration such as 15s, 1m30s or 100ms (units y w "
        "d h m s ms), found \"${LIMPET_TEST_WRONG}\"\n");
  setenv("LIMPET_TEST_WRONG", "\xff", 1);
  CHECK(ErrorsOf("global: {external_labels: {a: '${LIMPET_TEST_WRONG}'}}", options) ==
        "1:31: global.external_labels.a: not valid UTF-8 after replacing environment variables\n");
}

}  // namespace limpet
