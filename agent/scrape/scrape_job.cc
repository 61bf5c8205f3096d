#include "agent/scrape/scrape_job.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace limpet {
namespace {

// Preferring the format whose names are not restricted; the rest in the order in which it is parsed
// best.
constexpr char kAccept[] =
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.2";
constexpr char kUserAgent[] = "limpet/" LIMPET_VERSION;

constexpr size_t kPageBytesMax = 64u << 20;          // where nothing is configured
constexpr size_t kPageBytesMaxAtMost = 1024u << 20;  // whatever is configured
constexpr Millis kTlsRetry{5'000};
constexpr Millis kTlsAgeMin{60'000};

// As Go prints seconds: 10, 0.5.
std::string SecondsText(Millis duration) {
  char buffer[32];
  const double seconds = static_cast<double>(duration.count()) / 1000;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, seconds, std::chars_format::fixed);
  return std::string(buffer, end.ptr);
}

}  // namespace

ScrapeJob::ScrapeJob(ScrapeConfig config)
    : config_(std::move(config)),
      metric_rules_(
          std::make_shared<const std::vector<RelabelRule>>(config_.metric_relabel_configs)),
      credentials_(std::make_unique<HttpCredentials>(config_.http)) {}

bool ScrapeJob::Update(const ScrapeConfig& config) {
  const bool same_rules = config.metric_relabel_configs == config_.metric_relabel_configs;
  const bool same_series = same_rules && config.honor_labels == config_.honor_labels &&
                           config.honor_timestamps == config_.honor_timestamps;
  if (config.http.tls != config_.http.tls) {
    tls_ = nullptr;
    tls_tried_at_.reset();
    ++tls_version_;
  }
  if (config.http != config_.http) credentials_ = std::make_unique<HttpCredentials>(config.http);
  config_ = config;
  if (!same_rules) {
    metric_rules_ =
        std::make_shared<const std::vector<RelabelRule>>(config_.metric_relabel_configs);
  }
  return !same_series;
}

size_t ScrapeJob::page_bytes_max() const {
  if (config_.body_size_limit == 0) return kPageBytesMax;
  return static_cast<size_t>(std::min<uint64_t>(config_.body_size_limit - 1, kPageBytesMaxAtMost));
}

Result<HttpRequest> ScrapeJob::NewRequest(const std::string& path_and_query, Millis timeout) {
  auto authorization = credentials_->AuthorizationHeader();
  if (!authorization) return authorization.error();
  HttpRequest request;
  request.target = path_and_query;
  request.headers = {{"Accept", kAccept},
                     {"Accept-Encoding", "gzip"},
                     {"User-Agent", kUserAgent},
                     {"X-Prometheus-Scrape-Timeout-Seconds", SecondsText(timeout)}};
  if (*authorization) request.headers.push_back({"Authorization", std::move(**authorization)});
  return request;
}

Result<std::shared_ptr<const TlsContext>> ScrapeJob::Tls(SteadyTime now) {
  if (tls_ != nullptr) return tls_;
  if (!tls_tried_at_ || now - *tls_tried_at_ >= kTlsRetry) {
    tls_tried_at_ = now;
    auto created = TlsContext::Create(config_.http.tls);
    if (created) return tls_ = *created;
    tls_error_ = created.error();
  }
  return tls_error_;
}

void ScrapeJob::ForgetOldTls(SteadyTime now) {
  const TlsConfig& tls = config_.http.tls;
  const bool from_files = !tls.ca_file.empty() || !tls.cert_file.empty() || !tls.key_file.empty();
  if (tls_ != nullptr && from_files && now - *tls_tried_at_ >= kTlsAgeMin) tls_ = nullptr;
}

}  // namespace limpet
