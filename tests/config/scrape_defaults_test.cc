#include <doctest/doctest.h>

#include "agent/config/load.h"

namespace limpet {
namespace {

Config Load(std::string_view text) {
  LoadedConfig loaded = LoadConfig(text, "limpet.yml", {});
  for (const ConfigError& error : loaded.errors) MESSAGE(error.ToString());
  REQUIRE(loaded.config.has_value());
  return *loaded.config;
}

TEST_CASE("a scrape has the global block's limits and formats where it says nothing") {
  const Config config = Load(R"(
global:
  scrape_protocols: [PrometheusText0.0.4]
  fallback_scrape_protocol: PrometheusText1.0.0
  extra_scrape_metrics: true
  body_size_limit: 1MB
  sample_limit: 1
  target_limit: 2
  label_limit: 3
  label_name_length_limit: 4
  label_value_length_limit: 5
  keep_dropped_targets: 6
scrape_configs:
  - job_name: as-global
  - job_name: zero
    sample_limit: 0
    body_size_limit: 0
    keep_dropped_targets: 0
  - job_name: own
    scrape_protocols: [OpenMetricsText0.0.1, PrometheusText1.0.0]
    fallback_scrape_protocol: OpenMetricsText1.0.0
    extra_scrape_metrics: false
    sample_limit: 10
    label_limit: 30
    keep_dropped_targets: 60
    track_timestamps_staleness: true
    enable_compression: false
)");
  const ScrapeConfig& same = config.scrape_configs.at(0);
  CHECK(static_cast<const ScrapeDefaults&>(same) == config.global);
  CHECK(same.scrape_protocols == std::vector{ScrapeProtocol::kPrometheusText0_0_4});
  CHECK(same.fallback_scrape_protocol == ScrapeProtocol::kPrometheusText1_0_0);
  CHECK(same.body_size_limit == 1u << 20);
  CHECK(same.label_value_length_limit == 5);
  CHECK_FALSE(same.track_timestamps_staleness);
  CHECK(same.enable_compression);
  CHECK(config.scrape_configs.at(1).sample_limit == 1);
  CHECK(config.scrape_configs.at(1).body_size_limit == 1u << 20);
  const ScrapeConfig& own = config.scrape_configs.at(2);
  CHECK(own.scrape_protocols ==
        std::vector{ScrapeProtocol::kOpenMetricsText0_0_1, ScrapeProtocol::kPrometheusText1_0_0});
  CHECK(own.fallback_scrape_protocol == ScrapeProtocol::kOpenMetricsText1_0_0);
  CHECK_FALSE(own.extra_scrape_metrics);
  CHECK(own.sample_limit == 10);
  CHECK(own.label_limit == 30);
  CHECK(own.target_limit == 2);
  CHECK(same.keep_dropped_targets == 6);
  CHECK(config.scrape_configs.at(1).keep_dropped_targets == 6);
  CHECK(own.keep_dropped_targets == 60);
  CHECK(own.track_timestamps_staleness);
  CHECK_FALSE(own.enable_compression);
}

TEST_CASE("without a word all text formats are asked for and nothing is fallen back to") {
  const Config config = Load("scrape_configs: [{job_name: a, fallback_scrape_protocol: ''}]");
  // Whoever scrapes takes DefaultScrapeProtocols.
  CHECK(config.scrape_configs.at(0).scrape_protocols.empty());
  CHECK_FALSE(config.scrape_configs.at(0).fallback_scrape_protocol.has_value());
  CHECK(config.scrape_configs.at(0).label_limit == 0);
}

TEST_CASE("native histograms are scraped where the job says so, or else the global block") {
  const Config config = Load(R"(
global:
  scrape_native_histograms: true
  always_scrape_classic_histograms: true
  convert_classic_histograms_to_nhcb: true
scrape_configs:
  - job_name: as-global
    scrape_protocols: [PrometheusProto]
    native_histogram_bucket_limit: 100
    native_histogram_min_bucket_factor: 1.25
  - job_name: own
    scrape_native_histograms: false
    always_scrape_classic_histograms: false
    convert_classic_histograms_to_nhcb: false
)");
  const ScrapeConfig& same = config.scrape_configs.at(0);
  CHECK(same.scrape_native_histograms);
  CHECK(same.always_scrape_classic_histograms);
  CHECK(same.convert_classic_histograms_to_nhcb);
  CHECK(same.scrape_protocols == std::vector{ScrapeProtocol::kPrometheusProto});
  CHECK(same.native_histogram_bucket_limit == 100);
  CHECK(same.native_histogram_min_bucket_factor == 1.25);
  const ScrapeConfig& own = config.scrape_configs.at(1);
  CHECK_FALSE(own.scrape_native_histograms);
  CHECK_FALSE(own.always_scrape_classic_histograms);
  CHECK_FALSE(own.convert_classic_histograms_to_nhcb);
  CHECK(own.native_histogram_bucket_limit == 0);
}

}  // namespace
}  // namespace limpet
