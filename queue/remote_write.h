// Remote write: one sender a receiver, each reading the log at its own pace.
//
// Who calls it: main; the loop's thread only.
// Operation: Apply starts, stops and changes senders; one whose configuration is the same goes on
// undisturbed; one that changed goes on from its receiver's cursor. A request is built from the
// log, sent, and acknowledged on 2xx; the rules for every other answer are in queue/retry_policy.h.
// A receiver that is there at the first Apply and has no cursor gets all that the log has; one that
// is added later begins where its start_at says.
// External labels are added when a request is built, so a backlog gets the present ones.
// A receiver whose TLS files cannot be read is unhealthy and tried again; the others do not notice.
#ifndef LIMPET_QUEUE_REMOTE_WRITE_H_
#define LIMPET_QUEUE_REMOTE_WRITE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/histogram.h"
#include "queue/log.h"

namespace limpet {

// What became of a receiver's native histograms, or of its exemplars.
struct AttachmentStatus {
  uint64_t sent_total = 0;
  uint64_t retried_total = 0;
  uint64_t failed_total = 0;  // refused, or not written by a receiver that tells
  // Not sent, by reason: too_old, write_relabel; and what the settings or the protocol leave out:
  // histograms_not_enabled, nhcb_in_rw1_not_supported, exemplars_not_enabled.
  std::map<std::string, uint64_t> dropped_total;
};

struct ReceiverStatus {
  std::string name;
  std::string url;      // without its query, which may hold a secret
  bool healthy = true;  // the last request was taken, or none was needed yet
  std::string last_error;
  int64_t last_success_ms = 0;  // wall time of the last 2xx
  int64_t last_request_latency_ms = 0;
  int64_t highest_sent_timestamp_ms = 0;
  // Native histograms are samples, too.
  uint64_t samples_sent_total = 0;
  uint64_t samples_retried_total = 0;
  // By reason: http_<status> (refused), not_written (a 2xx whose written counts are lower than what
  // was sent), too_old (sample_age_limit), write_relabel (dropped by write_relabel_configs, on
  // purpose); log_full, log_max_age, log_damaged and log_disk_failing went from the log before
  // delivery.
  std::map<std::string, uint64_t> samples_dropped_total;
  AttachmentStatus histograms;
  AttachmentStatus exemplars;
  std::map<int, uint64_t> requests_total;  // by status code; 0: no answer
  uint64_t bytes_sent_total = 0;           // bodies, compressed
  uint64_t backlog_bytes = 0;
  // Of the oldest scrape in the log that the receiver does not have, and how long ago that was; 0:
  // it has all.
  int64_t oldest_unsent_timestamp_ms = 0;
  int64_t lag_ms = 0;
  size_t lanes = 0;  // requests that it gets at a time
  size_t lanes_max = 0;
  std::string protocol;           // Prometheus' name of the message
  bool protocol_settled = false;  // not being offered only
  // As the answers to Remote-Write 2.0 have it.
  uint64_t written_samples_total = 0;
  uint64_t written_histograms_total = 0;
  uint64_t written_exemplars_total = 0;
  Histogram request_seconds{{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}};
};

class RemoteWrite {
 public:
  RemoteWrite(EventLoop& loop, const Clock& clock, Log& log);
  ~RemoteWrite();
  RemoteWrite(const RemoteWrite&) = delete;
  RemoteWrite& operator=(const RemoteWrite&) = delete;

  void Apply(const std::vector<RemoteWriteConfig>& receivers, const Labels& external_labels);
  std::vector<ReceiverStatus> Status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_REMOTE_WRITE_H_
