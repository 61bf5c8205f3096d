#include "agent/web/metrics.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

FakeSources MetricsSample() {
  FakeSources fake;
  fake.watches = {ListedWatch("web"), ListedWatch("")};
  fake.targets.resize(3);
  fake.targets[1].health = TargetHealth::kDown;
  fake.targets[2].job = "db";
  fake.dropped_counts = {{"api", 7}};
  fake.receivers = {HealthyReceiver("main"), HealthyReceiver("copy")};
  fake.receivers[0].samples_dropped_total = {{"too_old", 5}};
  fake.receivers[0].histograms = {31, 32, 33, {{"nhcb_in_rw1_not_supported", 34}}};
  fake.receivers[0].exemplars = {41, 42, 43, {{"exemplars_not_enabled", 44}}};
  fake.receivers[0].requests_total = {{0, 3}, {204, 10}, {503, 1}};
  fake.receivers[0].request_seconds.Observe(0.2);
  fake.scrape.scrapes_total = 123;
  fake.scrape.scrape_seconds.Observe(0.001);
  fake.scrape.scrape_seconds.Observe(0.002);
  fake.scrape.scrape_seconds.Observe(99);
  fake.log->oldest_timestamp_ms = 1'700'000'000'500;
  fake.config.reloads_total = 4;
  return fake;
}

struct Page {
  std::map<std::string, std::string> types;
  std::map<std::string, std::string> helps;
  std::map<std::string, std::string> samples;  // with labels, as written
};

// The family that a sample's name belongs to, by what was declared.
std::string FamilyOf(const Page& page, const std::string& name) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string base = name.substr(0, name.size() - suffix.size());
    const auto type = page.types.find(base);
    if (type != page.types.end() && type->second == "histogram") return base;
  }
  return name;
}

// Reads the text and holds it to the format: each family declared once, before its samples, and no
// sample twice.
Page Parsed(const std::string& text) {
  Page page;
  REQUIRE(text.ends_with('\n'));
  std::istringstream lines(text);
  std::string current;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    REQUIRE_FALSE(line.empty());
    if (line.starts_with("# HELP ")) {
      const size_t end = line.find(' ', 7);
      REQUIRE(end != std::string::npos);
      REQUIRE(page.helps.emplace(line.substr(7, end - 7), line.substr(end + 1)).second);
      continue;
    }
    if (line.starts_with("# TYPE ")) {
      const size_t end = line.find(' ', 7);
      current = line.substr(7, end - 7);
      REQUIRE(page.types.emplace(current, line.substr(end + 1)).second);
      continue;
    }
    const size_t value = line.rfind(' ');
    REQUIRE(value != std::string::npos);
    const std::string series = line.substr(0, value);
    REQUIRE(FamilyOf(page, series.substr(0, series.find('{'))) == current);
    REQUIRE(page.samples.emplace(series, line.substr(value + 1)).second);
  }
  return page;
}

Page PageOf(FakeSources& fake) {
  const WebSources sources = fake.Sources();
  Metrics metrics(sources);
  metrics.CountRequest("/metrics", 200);
  metrics.CountRequest("/metrics", 200);
  metrics.CountRequest("other", 404);
  const HttpServerResponse response = metrics.Page();
  CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  return Parsed(response.body);
}

TEST_CASE("every family has a help text and a type, and a name by the conventions") {
  FakeSources fake = MetricsSample();
  const Page page = PageOf(fake);
  CHECK(page.types.size() > 50);
  for (const auto& [name, type] : page.types) {
    CAPTURE(name);
    REQUIRE(page.helps.count(name) == 1);
    CHECK(page.helps.at(name).size() > 5);
    CHECK((name.starts_with("limpet_") || name.starts_with("process_")));
    CHECK(name.ends_with("_total") == (type == "counter"));
    if (type == "histogram") CHECK(name.ends_with("_seconds"));
    for (const char* unit : {"_ms", "_us", "_millis", "milliseconds", "_kb", "_mib", "_minutes"}) {
      CHECK((name + "_").find(std::string(unit) + "_") == std::string::npos);
    }
  }
}

TEST_CASE("the values are those of the modules, in base units") {
  FakeSources fake = MetricsSample();
  fake.log->last_write_latency_us = 2500;
  fake.shard = {3, 2};
  fake.other_shards_counts = {{"api", 40}};
  auto samples = PageOf(fake).samples;
  CHECK(samples["limpet_shards"] == "3");
  CHECK(samples["limpet_shard"] == "2");
  CHECK(samples["limpet_targets_other_shards{job=\"api\"}"] == "40");
  CHECK(samples["limpet_targets{job=\"api\",health=\"up\"}"] == "1");
  CHECK(samples["limpet_targets{job=\"api\",health=\"down\"}"] == "1");
  CHECK(samples["limpet_targets{job=\"db\",health=\"down\"}"] == "0");
  CHECK(samples["limpet_targets_dropped{job=\"api\"}"] == "7");
  CHECK(samples["limpet_scrapes_total"] == "123");
  CHECK(samples["limpet_log_last_write_duration_seconds"] == "0.0025");
  CHECK(samples["limpet_log_oldest_timestamp_seconds"] == "1700000000.5");
  CHECK(samples["limpet_config_reloads_total{result=\"success\"}"] == "4");
  CHECK(samples["limpet_config_last_reload_successful"] == "1");
  CHECK(samples["limpet_http_requests_total{code=\"200\",handler=\"/metrics\"}"] == "2");
  CHECK(samples["limpet_sd_kubernetes_objects{role=\"pod\",namespace=\"web\","
                "api_server=\"https://10.0.0.1:443\"}"] == "50");
  CHECK(samples["limpet_sd_kubernetes_last_list_duration_seconds{role=\"pod\",namespace=\"\","
                "api_server=\"https://10.0.0.1:443\"}"] == "0.012");
  const std::string main = "{remote_name=\"main\",url=\"http://vm:8428/api/v1/write\"";
  CHECK(samples["limpet_remote_storage_samples_total" + main + "}"] == "1000");
  CHECK(samples["limpet_remote_storage_samples_dropped_total" + main + ",reason=\"too_old\"}"] ==
        "5");
  CHECK(samples["limpet_remote_storage_histograms_total" + main + "}"] == "31");
  CHECK(samples["limpet_remote_storage_histograms_retried_total" + main + "}"] == "32");
  CHECK(samples["limpet_remote_storage_histograms_failed_total" + main + "}"] == "33");
  CHECK(samples["limpet_remote_storage_histograms_dropped_total" + main +
                ",reason=\"nhcb_in_rw1_not_supported\"}"] == "34");
  CHECK(samples["limpet_remote_storage_exemplars_total" + main + "}"] == "41");
  CHECK(samples["limpet_remote_storage_exemplars_failed_total" + main + "}"] == "43");
  CHECK(samples["limpet_remote_storage_exemplars_dropped_total" + main +
                ",reason=\"exemplars_not_enabled\"}"] == "44");
  CHECK(samples["limpet_remote_storage_requests_total" + main + ",code=\"none\"}"] == "3");
  CHECK(samples["limpet_remote_storage_written_total" + main + ",kind=\"samples\"}"] == "990");
  CHECK(samples["limpet_remote_storage_lag_seconds" + main + "}"] == "1.5");
  CHECK(samples["limpet_remote_storage_oldest_unsent_timestamp_seconds" + main + "}"] ==
        "1700000008.5");
  CHECK(samples["limpet_remote_storage_shards" + main + "}"] == "2");
  CHECK(samples["limpet_remote_storage_shards_max" + main + "}"] == "16");
  CHECK(samples["limpet_remote_storage_protocol_info" + main +
                ",protobuf_message=\"io.prometheus.write.v2.Request\",settled=\"true\"}"] == "1");
  CHECK(samples["limpet_remote_storage_requests_total" + main + ",code=\"503\"}"] == "1");
  CHECK(samples["limpet_remote_storage_queue_highest_sent_timestamp_seconds" + main + "}"] ==
        "1700000008.5");
}

TEST_CASE("monitor objects are counted by what became of them") {
  FakeSources fake = MetricsSample();
  fake.monitors = {{"Probe", "shop", "a", MonitorState::kInvalid, {"spec: x"}, {}},
                   {"Probe", "shop", "b", MonitorState::kInvalid, {"spec: y"}, {}}};
  auto samples = PageOf(fake).samples;
  CHECK(samples["limpet_monitor_objects{kind=\"Probe\",state=\"invalid\"}"] == "2");
  CHECK(samples["limpet_monitor_objects{kind=\"Probe\",state=\"active\"}"] == "0");
}

TEST_CASE("histograms are cumulative and end in +Inf") {
  FakeSources fake = MetricsSample();
  auto samples = PageOf(fake).samples;
  CHECK(samples["limpet_scrape_duration_seconds_bucket{le=\"0.001\"}"] == "1");
  CHECK(samples["limpet_scrape_duration_seconds_bucket{le=\"0.005\"}"] == "2");
  CHECK(samples["limpet_scrape_duration_seconds_bucket{le=\"10\"}"] == "2");
  CHECK(samples["limpet_scrape_duration_seconds_bucket{le=\"+Inf\"}"] == "3");
  CHECK(samples["limpet_scrape_duration_seconds_count"] == "3");
}

TEST_CASE("the process tells of itself") {
  FakeSources fake;
  auto samples = PageOf(fake).samples;
  const auto number = [&](const std::string& name) {
    REQUIRE(samples.count(name) == 1);
    return std::stod(samples[name]);
  };
  CHECK(number("process_cpu_seconds_total") >= 0);
  CHECK(number("process_resident_memory_bytes") > 100'000);
  CHECK(number("process_virtual_memory_bytes") >= number("process_resident_memory_bytes"));
  CHECK(number("process_open_fds") >= 3);
  CHECK(number("process_max_fds") >= number("process_open_fds"));
  // Between 2020 and the far future: not ticks, not milliseconds.
  CHECK(number("process_start_time_seconds") > 1.577e9);
  CHECK(number("process_start_time_seconds") < 1e11);
}

TEST_CASE("a log that is not open is shown as that") {
  FakeSources fake;
  CHECK(PageOf(fake).samples["limpet_log_open"] == "1");
  fake.log.reset();
  Page page = PageOf(fake);
  CHECK(page.samples["limpet_log_open"] == "0");
  CHECK(page.types.count("limpet_log_size_bytes") == 0);
}

TEST_CASE("watches and receivers that look the same do not repeat a sample") {
  FakeSources fake = MetricsSample();
  fake.watches = {ListedWatch("web"), ListedWatch("web")};
  fake.watches[1].connected = false;
  fake.receivers = {HealthyReceiver("main"), HealthyReceiver("main")};
  auto samples = PageOf(fake).samples;
  const std::string labels = "{role=\"pod\",namespace=\"web\",api_server=\"https://10.0.0.1:443\"}";
  CHECK(samples["limpet_sd_kubernetes_objects" + labels] == "100");
  CHECK(samples["limpet_sd_kubernetes_watches" + labels] == "2");
  CHECK(samples["limpet_sd_kubernetes_watches_connected" + labels] == "1");
}

TEST_CASE("lists of targets by files and URL, those that look the same added up") {
  FakeSources fake = MetricsSample();
  fake.refreshes = {ListedRefresh(RefreshKind::kFile, "/sd/*.json"),
                    ListedRefresh(RefreshKind::kHttp, "http://cmdb/t"),
                    ListedRefresh(RefreshKind::kHttp, "http://cmdb/t")};
  fake.refreshes[0].files_broken = 1;
  fake.refreshes[2].last_latency_ms = 500;
  const Page page = PageOf(fake);
  const auto value = [&](const std::string& sample) {
    const auto found = page.samples.find(sample);
    return found == page.samples.end() ? "none" : found->second;
  };
  CHECK(value("limpet_sd_file_files{files=\"/sd/*.json\"}") == "2");
  CHECK(value("limpet_sd_file_files_broken{files=\"/sd/*.json\"}") == "1");
  CHECK(value("limpet_sd_file_targets{files=\"/sd/*.json\"}") == "7");
  CHECK(value("limpet_sd_file_reads_total{files=\"/sd/*.json\"}") == "5");
  CHECK(value("limpet_sd_file_read_errors_total{files=\"/sd/*.json\"}") == "1");
  CHECK(value("limpet_sd_http_targets{url=\"http://cmdb/t\"}") == "14");
  CHECK(value("limpet_sd_http_requests_total{url=\"http://cmdb/t\"}") == "10");
  CHECK(value("limpet_sd_http_failures_total{url=\"http://cmdb/t\"}") == "2");
  CHECK(value("limpet_sd_http_last_request_duration_seconds{url=\"http://cmdb/t\"}") == "0.5");
  CHECK(value("limpet_sd_http_last_success_timestamp_seconds{url=\"http://cmdb/t\"}") ==
        "1700000009");
}

TEST_CASE("hostile label values stay in their line") {
  FakeSources fake = MetricsSample();
  fake.targets[0].job = kHostile;
  fake.receivers[0].name = kHostile;
  auto samples = PageOf(fake).samples;
  const std::string escaped =
      "\\\"><script>alert('x')</script>&\\\\ \\n# HELP x\\n{\x01\x7f\xef\xbf\xbd\xef\xbf\xbd} ä";
  CHECK(samples["limpet_targets{job=\"" + escaped + "\",health=\"up\"}"] == "1");
  CHECK(samples["limpet_remote_storage_healthy{remote_name=\"" + escaped +
                "\",url=\"http://vm:8428/api/v1/write\"}"] == "1");
}

}  // namespace
}  // namespace limpet
