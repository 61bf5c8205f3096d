// What all targets of a job share: its configuration, rules, credentials and TLS settings.
//
// Who calls it: the scrape manager and the job's targets, on the loop's thread.
// Operation: Update changes it in place on a reload; what the new configuration says the same stays
// (TLS settings with their connections, credentials, rules).
// Errors of credential and certificate files are those of the scrape that needed them; a file that
// could not be read is tried again by later scrapes, at most every 5 s for a job.
#ifndef LIMPET_AGENT_SCRAPE_SCRAPE_JOB_H_
#define LIMPET_AGENT_SCRAPE_SCRAPE_JOB_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_credentials.h"
#include "agent/platform/result.h"
#include "agent/platform/tls.h"

namespace limpet {

class ScrapeJob {
 public:
  explicit ScrapeJob(ScrapeConfig config);

  // True where it changes how series are made, so that targets need new scopes.
  bool Update(const ScrapeConfig& config);

  const ScrapeConfig& config() const { return config_; }
  const std::shared_ptr<const std::vector<RelabelRule>>& metric_rules() const {
    return metric_rules_;
  }
  // Bytes of a page after inflating: body_size_limit, which as in Prometheus is itself too much, or
  // limpet's own bound.
  size_t page_bytes_max() const;

  Result<HttpRequest> NewRequest(const std::string& path_and_query, Millis timeout);
  Result<std::shared_ptr<const TlsContext>> Tls(SteadyTime now);
  // Another one after each change of the configuration: connections are then made anew.
  uint64_t tls_version() const { return tls_version_; }
  // After a failed connection: certificates may have been replaced, so those that came from files
  // more than a minute ago are read again.
  void ForgetOldTls(SteadyTime now);

 private:
  ScrapeConfig config_;
  std::shared_ptr<const std::vector<RelabelRule>> metric_rules_;
  std::unique_ptr<HttpCredentials> credentials_;
  std::shared_ptr<const TlsContext> tls_;
  uint64_t tls_version_ = 0;
  Error tls_error_;
  std::optional<SteadyTime> tls_tried_at_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPE_JOB_H_
