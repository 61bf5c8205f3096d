#include <set>
#include <string>

#include "agent/web/collectors.h"

namespace limpet {
namespace {

struct ReceiverFamilies {
  explicit ReceiverFamilies(MetricFamilies& families)
      : healthy(families.Gauge("limpet_remote_storage_healthy",
                               "1 where the last request was taken, or none was needed yet.")),
        samples(families.Counter("limpet_remote_storage_samples_total", "Samples delivered.")),
        retried(families.Counter("limpet_remote_storage_samples_retried_total",
                                 "Samples sent again after a recoverable error.")),
        dropped(families.Counter("limpet_remote_storage_samples_dropped_total",
                                 "Samples given up, by reason.")),
        requests(families.Counter("limpet_remote_storage_requests_total",
                                  "Requests by status code; \"none\" is no answer.")),
        bytes(families.Counter("limpet_remote_storage_bytes_total",
                               "Bytes of request bodies, compressed.")),
        backlog(families.Gauge("limpet_remote_storage_backlog_bytes",
                               "Bytes of the log that the receiver does not have yet.")),
        sent_time(families.Gauge("limpet_remote_storage_queue_highest_sent_timestamp_seconds",
                                 "Time of the newest sample delivered.")),
        success_time(families.Gauge("limpet_remote_storage_last_success_timestamp_seconds",
                                    "When a request was last taken.")),
        duration(families.HistogramFamily("limpet_remote_storage_request_duration_seconds",
                                          "From a request to its answer.")) {}

  void Add(const ReceiverStatus& status) {
    const MetricLabels labels = {{"remote_name", status.name}, {"url", status.url}};
    const auto with = [&](std::string_view name, std::string_view value) {
      MetricLabels more = labels;
      more.emplace_back(name, value);
      return more;
    };
    AddSample(healthy, labels, status.healthy ? 1 : 0);
    AddSample(samples, labels, status.samples_sent_total);
    AddSample(retried, labels, status.samples_retried_total);
    for (const auto& [reason, count] : status.samples_dropped_total) {
      AddSample(dropped, with("reason", reason), count);
    }
    for (const auto& [code, count] : status.requests_total) {
      AddSample(requests, with("code", code == 0 ? "none" : std::to_string(code)), count);
    }
    AddSample(bytes, labels, status.bytes_sent_total);
    AddSample(backlog, labels, status.backlog_bytes);
    AddSample(sent_time, labels, static_cast<double>(status.highest_sent_timestamp_ms) / 1000);
    AddSample(success_time, labels, static_cast<double>(status.last_success_ms) / 1000);
    AddHistogram(duration, labels, status.request_seconds);
  }

  prometheus::MetricFamily& healthy;
  prometheus::MetricFamily& samples;
  prometheus::MetricFamily& retried;
  prometheus::MetricFamily& dropped;
  prometheus::MetricFamily& requests;
  prometheus::MetricFamily& bytes;
  prometheus::MetricFamily& backlog;
  prometheus::MetricFamily& sent_time;
  prometheus::MetricFamily& success_time;
  prometheus::MetricFamily& duration;
};

}  // namespace

void CollectReceivers(const WebSources& sources, MetricFamilies& families) {
  ReceiverFamilies receivers(families);
  // Names are unique in a configuration; a repeated sample would make the whole page invalid.
  std::set<std::pair<std::string, std::string>> seen;
  for (const ReceiverStatus& status : sources.receivers()) {
    if (seen.emplace(status.name, status.url).second) receivers.Add(status);
  }
}

}  // namespace limpet
