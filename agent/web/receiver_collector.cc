#include <set>
#include <string>

#include "agent/web/collectors.h"

namespace limpet {
namespace {

// Of native histograms, or of exemplars; under Prometheus' names.
struct AttachmentFamilies {
  AttachmentFamilies(MetricFamilies& families, const std::string& kind, const std::string& what)
      : sent(families.Counter("limpet_remote_storage_" + kind + "_total", what + " delivered.")),
        retried(families.Counter("limpet_remote_storage_" + kind + "_retried_total",
                                 what + " sent again after a recoverable error.")),
        failed(families.Counter("limpet_remote_storage_" + kind + "_failed_total",
                                what + " that the receiver refused or did not write.")),
        dropped(families.Counter("limpet_remote_storage_" + kind + "_dropped_total",
                                 what + " that were not sent, by reason.")) {}

  void Add(const MetricLabels& labels, const AttachmentStatus& status) {
    AddSample(sent, labels, status.sent_total);
    AddSample(retried, labels, status.retried_total);
    AddSample(failed, labels, status.failed_total);
    for (const auto& [reason, count] : status.dropped_total) {
      MetricLabels more = labels;
      more.emplace_back("reason", reason);
      AddSample(dropped, more, count);
    }
  }

  prometheus::MetricFamily& sent;
  prometheus::MetricFamily& retried;
  prometheus::MetricFamily& failed;
  prometheus::MetricFamily& dropped;
};

struct ReceiverFamilies {
  explicit ReceiverFamilies(MetricFamilies& families)
      : healthy(families.Gauge("limpet_remote_storage_healthy",
                               "1 where the last request was taken, or none was needed yet.")),
        samples(families.Counter("limpet_remote_storage_samples_total",
                                 "Samples delivered, native histograms among them.")),
        retried(families.Counter("limpet_remote_storage_samples_retried_total",
                                 "Samples sent again after a recoverable error.")),
        dropped(families.Counter("limpet_remote_storage_samples_dropped_total",
                                 "Samples given up, by reason.")),
        histograms(families, "histograms", "Native histograms"),
        exemplars(families, "exemplars", "Exemplars"),
        requests(families.Counter("limpet_remote_storage_requests_total",
                                  "Requests by status code; \"none\" is no answer.")),
        bytes(families.Counter("limpet_remote_storage_bytes_total",
                               "Bytes of request bodies, compressed.")),
        written(families.Counter("limpet_remote_storage_written_total",
                                 "What the receiver reported as written (Remote-Write 2.0), by "
                                 "kind.")),
        backlog(families.Gauge("limpet_remote_storage_backlog_bytes",
                               "Bytes of the log that the receiver does not have yet.")),
        lag(families.Gauge(
            "limpet_remote_storage_lag_seconds",
            "Age of the oldest scrape that the receiver does not have; 0 where it has all.")),
        oldest_unsent(families.Gauge("limpet_remote_storage_oldest_unsent_timestamp_seconds",
                                     "Time of the oldest scrape that the receiver does not have; "
                                     "not there where it has all.")),
        lanes(families.Gauge("limpet_remote_storage_shards",
                             "Requests that the receiver gets at a time.")),
        lanes_max(families.Gauge("limpet_remote_storage_shards_max", "Their limit, max_shards.")),
        protocol(families.Gauge("limpet_remote_storage_protocol_info",
                                "1, with the protobuf_message in use; settled is false while it is "
                                "only offered.")),
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
    histograms.Add(labels, status.histograms);
    exemplars.Add(labels, status.exemplars);
    for (const auto& [code, count] : status.requests_total) {
      AddSample(requests, with("code", code == 0 ? "none" : std::to_string(code)), count);
    }
    AddSample(bytes, labels, status.bytes_sent_total);
    for (const auto& [kind, count] : {std::pair{"samples", status.written_samples_total},
                                      {"histograms", status.written_histograms_total},
                                      {"exemplars", status.written_exemplars_total}}) {
      AddSample(written, with("kind", kind), count);
    }
    AddSample(backlog, labels, status.backlog_bytes);
    AddSample(lag, labels, static_cast<double>(status.lag_ms) / 1000);
    if (status.oldest_unsent_timestamp_ms != 0) {
      AddSample(oldest_unsent, labels,
                static_cast<double>(status.oldest_unsent_timestamp_ms) / 1000);
    }
    AddSample(lanes, labels, uint64_t{status.lanes});
    AddSample(lanes_max, labels, uint64_t{status.lanes_max});
    MetricLabels spoken = with("protobuf_message", status.protocol);
    spoken.emplace_back("settled", status.protocol_settled ? "true" : "false");
    AddSample(protocol, spoken, 1);
    AddSample(sent_time, labels, static_cast<double>(status.highest_sent_timestamp_ms) / 1000);
    AddSample(success_time, labels, static_cast<double>(status.last_success_ms) / 1000);
    AddHistogram(duration, labels, status.request_seconds);
  }

  prometheus::MetricFamily& healthy;
  prometheus::MetricFamily& samples;
  prometheus::MetricFamily& retried;
  prometheus::MetricFamily& dropped;
  AttachmentFamilies histograms;
  AttachmentFamilies exemplars;
  prometheus::MetricFamily& requests;
  prometheus::MetricFamily& bytes;
  prometheus::MetricFamily& written;
  prometheus::MetricFamily& backlog;
  prometheus::MetricFamily& lag;
  prometheus::MetricFamily& oldest_unsent;
  prometheus::MetricFamily& lanes;
  prometheus::MetricFamily& lanes_max;
  prometheus::MetricFamily& protocol;
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
