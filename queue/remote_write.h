// Remote write: one sender a receiver, each reading the log at its own pace.
//
// Who calls it: main; the loop's thread only.
// Operation: Apply starts, stops and changes senders; one whose configuration is the same goes on
// undisturbed; one that changed goes on from its receiver's cursor. A request is built from the
// log, sent, and acknowledged on 2xx; the rules for every other answer are in queue/retry_policy.h.
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

struct ReceiverStatus {
  std::string name;
  std::string url;      // without its query, which may hold a secret
  bool healthy = true;  // the last request was taken, or none was needed yet
  std::string last_error;
  int64_t last_success_ms = 0;  // wall time of the last 2xx
  int64_t last_request_latency_ms = 0;
  int64_t highest_sent_timestamp_ms = 0;
  uint64_t samples_sent_total = 0;
  uint64_t samples_retried_total = 0;
  // By reason: http_<status> (refused), too_old (sample_age_limit), log_full (went from the log
  // before delivery), write_relabel (dropped by write_relabel_configs, on purpose).
  std::map<std::string, uint64_t> samples_dropped_total;
  std::map<int, uint64_t> requests_total;  // by status code; 0: no answer
  uint64_t bytes_sent_total = 0;           // bodies, compressed
  uint64_t backlog_bytes = 0;
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
