// The configuration as checked values: one struct a YAML block, names as in Prometheus' file.
//
// Who calls it: main loads it, everyone else gets the block that concerns him. Values are immutable
// once loaded; a reload makes a new Config.
// Source: Prometheus' configuration reference; `storage` is limpet's own.
#ifndef LIMPET_AGENT_CONFIG_CONFIG_H_
#define LIMPET_AGENT_CONFIG_CONFIG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/scrape_protocol.h"
#include "agent/platform/clock.h"
#include "agent/platform/http_client_config.h"
#include "agent/platform/url.h"
#include "agent/relabel/labels.h"
#include "agent/relabel/relabel.h"

namespace limpet {

// What the global block and each scrape configuration have in common; the latter begins with the
// former's.
struct ScrapeDefaults {
  std::vector<ScrapeProtocol> scrape_protocols;  // none: DefaultScrapeProtocols
  // For answers whose Content-Type says nothing that is known; none: the scrape fails.
  std::optional<ScrapeProtocol> fallback_scrape_protocol;
  bool extra_scrape_metrics = false;
  bool scrape_native_histograms = false;
  bool always_scrape_classic_histograms = false;  // beside native ones, too
  bool convert_classic_histograms_to_nhcb = false;
  uint64_t body_size_limit = 0;  // bytes after inflating; 0: none (limpet's own bound still holds)
  uint64_t sample_limit = 0;     // these are none where they are 0
  uint64_t target_limit = 0;
  uint64_t label_limit = 0;
  uint64_t label_name_length_limit = 0;   // bytes
  uint64_t label_value_length_limit = 0;  // bytes
  // How many of a job's dropped targets are shown; 0: as many as without a setting.
  uint64_t keep_dropped_targets = 0;
  uint64_t dropped_targets_shown() const {
    return keep_dropped_targets == 0 ? 100 : keep_dropped_targets;
  }
  friend bool operator==(const ScrapeDefaults&, const ScrapeDefaults&) = default;
};

struct GlobalConfig : ScrapeDefaults {
  Millis scrape_interval{15'000};
  Millis scrape_timeout{10'000};  // where not set: the lesser of 10 s and the interval
  Labels external_labels;
  friend bool operator==(const GlobalConfig&, const GlobalConfig&) = default;
};

struct KubernetesSelector {
  std::string role;
  std::string label;
  std::string field;
  friend bool operator==(const KubernetesSelector&, const KubernetesSelector&) = default;
};

// Labels of other objects to join to a target's.
struct AttachMetadata {
  bool node = false;
  bool name_space = false;
  bool deployment = false;
  bool job = false;
  bool cronjob = false;
  friend bool operator==(const AttachMetadata&, const AttachMetadata&) = default;
};

// An API server, and which of its namespaces.
struct KubernetesSource {
  std::optional<Url> api_server;
  std::string kubeconfig_file;
  std::vector<std::string> namespaces;  // none: all
  bool own_namespace = false;
  HttpClientConfig http;  // with api_server only, as in Prometheus
  friend bool operator==(const KubernetesSource&, const KubernetesSource&) = default;
};

struct KubernetesSdConfig : KubernetesSource {
  std::string role;  // "node", "pod", "service", "endpoints", "endpointslice", "ingress"
  std::vector<KubernetesSelector> selectors;  // at most one a role
  AttachMetadata attach;
  friend bool operator==(const KubernetesSdConfig&, const KubernetesSdConfig&) = default;
};

// Files of targets, read again when they change.
struct FileSdConfig {
  std::vector<std::string> files;  // each may have * ? and [...] in its last segment
  Millis refresh_interval{300'000};
  friend bool operator==(const FileSdConfig&, const FileSdConfig&) = default;
};

// A server that is asked for targets.
struct HttpSdConfig {
  Url url;
  std::string url_text;  // as it is written: what targets are labelled with
  Millis refresh_interval{60'000};
  HttpClientConfig http;
  friend bool operator==(const HttpSdConfig&, const HttpSdConfig&) = default;
};

struct StaticConfig {
  std::vector<std::string> targets;
  Labels labels;
  friend bool operator==(const StaticConfig&, const StaticConfig&) = default;
};

struct ScrapeConfig : ScrapeDefaults {
  std::string job_name;
  std::string made_from;  // "ServiceMonitor shop/api"; empty: the configuration file
  Millis scrape_interval{15'000};
  Millis scrape_timeout{10'000};
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::map<std::string, std::vector<std::string>> params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  uint64_t native_histogram_bucket_limit = 0;     // 0: none
  double native_histogram_min_bucket_factor = 0;  // up to 1: as fine as can be
  bool enable_compression = true;
  HttpClientConfig http;
  std::vector<KubernetesSdConfig> kubernetes_sd_configs;
  std::vector<FileSdConfig> file_sd_configs;
  std::vector<HttpSdConfig> http_sd_configs;
  std::vector<StaticConfig> static_configs;
  std::vector<RelabelRule> relabel_configs;
  std::vector<RelabelRule> metric_relabel_configs;
  friend bool operator==(const ScrapeConfig&, const ScrapeConfig&) = default;
};

struct QueueConfig {
  // How many requests a receiver gets at a time: limpet finds the number within these bounds.
  uint64_t min_shards = 1;
  uint64_t max_shards = 16;
  uint64_t max_samples_per_send = 5000;
  uint64_t max_bytes_per_send = 4u << 20;  // before compression; limpet's own
  Millis batch_send_deadline{1000};
  Millis min_backoff{250};
  Millis max_backoff{5000};
  Millis sample_age_limit{0};  // 0: none; older samples are given up, counted
  friend bool operator==(const QueueConfig&, const QueueConfig&) = default;
};

// protobuf_message. kAuto, limpet's own: 2.0 where the receiver takes it.
enum class RemoteWriteMessage { kAuto, kV1, kV2 };
// Where a receiver begins that a reload adds; limpet's own.
enum class ReceiverStart { kNow, kOldest };

struct RemoteWriteConfig {
  Url url;
  std::string name;  // where not set: the first 6 hex digits of a hash of the URL
  RemoteWriteMessage protobuf_message = RemoteWriteMessage::kAuto;
  bool send_exemplars = false;
  bool send_native_histograms = false;  // with 1.0; 2.0 always has them, as in Prometheus
  ReceiverStart start_at = ReceiverStart::kNow;
  Millis remote_timeout{30'000};
  HttpClientConfig http;
  std::vector<RelabelRule> write_relabel_configs;
  QueueConfig queue;
  friend bool operator==(const RemoteWriteConfig&, const RemoteWriteConfig&) = default;
};

struct StorageConfig {
  uint64_t max_bytes = 512ull << 20;
  Millis max_age{0};  // 0: none
  Millis sync_interval{1000};
  friend bool operator==(const StorageConfig&, const StorageConfig&) = default;
};

enum class MonitorKind { kServiceMonitor, kPodMonitor, kProbe, kScrapeConfig };
inline constexpr std::string_view kMonitorKindNames[] = {"ServiceMonitor", "PodMonitor", "Probe",
                                                         "ScrapeConfig"};

// Objects of monitoring.coreos.com that are read as scrape configurations; limpet's own block.
struct KubernetesMonitorsConfig : KubernetesSource {
  std::vector<MonitorKind> kinds = {MonitorKind::kServiceMonitor, MonitorKind::kPodMonitor,
                                    MonitorKind::kProbe};
  std::string selector;            // of the objects' labels; empty: all
  std::string namespace_selector;  // of their namespaces' labels; empty: all
  // Where objects may look for targets: in their own namespace alone, whatever they say.
  bool ignore_namespace_selectors = false;
  bool allow_files = false;      // that objects name: tokens and certificates of limpet's own pod
  bool endpoint_slices = false;  // for ServiceMonitors that do not say what to look at
  std::vector<std::string> pod_target_labels;  // besides those that objects name
  uint64_t enforced_body_size_limit = 0;       // bounds of what objects set; 0: none
  uint64_t enforced_sample_limit = 0;
  uint64_t enforced_target_limit = 0;
  uint64_t enforced_label_limit = 0;
  uint64_t enforced_label_name_length_limit = 0;
  uint64_t enforced_label_value_length_limit = 0;
  friend bool operator==(const KubernetesMonitorsConfig&,
                         const KubernetesMonitorsConfig&) = default;
};

struct Config {
  GlobalConfig global;
  std::vector<std::string> scrape_config_files;  // patterns, see config_files.h
  std::vector<ScrapeConfig> scrape_configs;      // those of these files behind the file's own
  std::vector<RemoteWriteConfig> remote_write;
  StorageConfig storage;
  std::optional<KubernetesMonitorsConfig> kubernetes_monitors;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_CONFIG_H_
