// What all targets of a job share: its configuration, rules, credentials and TLS settings.
//
// Who calls it: the scrape manager and the job's targets, on the loop's thread.
// Operation: Update changes it in place on a reload; what the new configuration says the same stays
// (the HTTP client with its connections, rules).
#ifndef LIMPET_AGENT_SCRAPE_SCRAPE_JOB_H_
#define LIMPET_AGENT_SCRAPE_SCRAPE_JOB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_client_context.h"
#include "agent/scrape/sample_labels.h"

namespace limpet {

class ScrapeJob {
 public:
  explicit ScrapeJob(ScrapeConfig config);

  // True where it changes how series are made, so that targets need new scopes.
  bool Update(const ScrapeConfig& config);

  const ScrapeConfig& config() const { return config_; }
  SeriesSettings series_settings(const HistogramFlags& flags) const;
  // Empty, or why no target of the job is scraped.
  const std::string& refusal() const { return refusal_; }
  void set_refusal(std::string refusal) { refusal_ = std::move(refusal); }
  static constexpr size_t kPageBytesMax = 64u << 20;
  // Bytes of a page after inflating: body_size_limit, which as in Prometheus is itself too much, or
  // what is given here where none is configured.
  size_t page_bytes_max(size_t without_limit = kPageBytesMax) const;

  HttpRequest NewRequest(const std::string& path_and_query, Millis timeout) const;
  // Another one after each change of its configuration: connections are then made anew.
  const std::shared_ptr<HttpClientContext>& Client(EventLoop& loop);

 private:
  ScrapeConfig config_;
  std::string accept_;
  std::string refusal_;
  std::shared_ptr<const std::vector<RelabelRule>> metric_rules_;
  std::shared_ptr<HttpClientContext> client_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPE_JOB_H_
