#include "agent/scrape/scrape_job.h"

#include <algorithm>
#include <utility>

#include "agent/platform/timestamp.h"
#include "agent/scrape/scrape_answer.h"

namespace limpet {
namespace {

constexpr char kUserAgent[] = "limpet/" LIMPET_VERSION;

constexpr size_t kPageBytesMaxAtMost = 1024u << 20;  // whatever is configured

std::string AcceptOf(const ScrapeConfig& config) {
  if (!config.scrape_protocols.empty()) return AcceptHeader(config.scrape_protocols);
  return AcceptHeader(DefaultScrapeProtocols(config.scrape_native_histograms));
}

}  // namespace

ScrapeJob::ScrapeJob(ScrapeConfig config)
    : config_(std::move(config)),
      metric_rules_(
          std::make_shared<const std::vector<RelabelRule>>(config_.metric_relabel_configs)) {
  accept_ = AcceptOf(config_);
}

bool ScrapeJob::Update(const ScrapeConfig& config) {
  const bool same_rules = config.metric_relabel_configs == config_.metric_relabel_configs;
  const SeriesSettings before = series_settings({});
  if (config.http != config_.http) client_ = nullptr;
  config_ = config;
  accept_ = AcceptOf(config_);
  if (!same_rules) {
    metric_rules_ =
        std::make_shared<const std::vector<RelabelRule>>(config_.metric_relabel_configs);
  }
  return !(series_settings({}) == before);
}

SeriesSettings ScrapeJob::series_settings(const HistogramFlags& flags) const {
  SeriesSettings settings;
  settings.honor_labels = config_.honor_labels;
  settings.honor_timestamps = config_.honor_timestamps;
  settings.track_timestamps_staleness = config_.track_timestamps_staleness;
  settings.extra_metrics = config_.extra_scrape_metrics;
  settings.label_limit = config_.label_limit;
  settings.label_name_length_limit = config_.label_name_length_limit;
  settings.label_value_length_limit = config_.label_value_length_limit;
  settings.rules = metric_rules_;
  settings.histograms.native = flags.native;
  settings.histograms.always_classic = flags.always_classic;
  settings.histograms.convert = flags.convert;
  settings.histograms.bucket_limit = config_.native_histogram_bucket_limit;
  settings.histograms.schema_max = SchemaOfBucketFactor(config_.native_histogram_min_bucket_factor);
  return settings;
}

size_t ScrapeJob::page_bytes_max(size_t without_limit) const {
  if (config_.body_size_limit == 0) return without_limit;
  return static_cast<size_t>(std::min<uint64_t>(config_.body_size_limit - 1, kPageBytesMaxAtMost));
}

HttpRequest ScrapeJob::NewRequest(const std::string& path_and_query, Millis timeout) const {
  HttpRequest request;
  request.target = path_and_query;
  request.headers = {{"Accept", accept_},
                     {"Accept-Encoding", config_.enable_compression ? "gzip" : "identity"},
                     {"User-Agent", kUserAgent},
                     {"X-Prometheus-Scrape-Timeout-Seconds", SecondsText(timeout)}};
  return request;
}

const std::shared_ptr<HttpClientContext>& ScrapeJob::Client(EventLoop& loop) {
  if (client_ == nullptr) client_ = HttpClientContext::Create(loop, config_.http);
  return client_;
}

}  // namespace limpet
