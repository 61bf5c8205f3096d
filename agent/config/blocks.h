// The readers of the configuration's blocks, one a block; LoadConfig alone calls the first, they
// call each other.
//
// Each reads a mapping through MappingReader, fills its struct and reports what is wrong to the
// reader's context; after an error what it filled in is of no use.
// Source of names and rules: Prometheus' configuration reference and its own checks
// (config/config.go, discovery/kubernetes, model/relabel).
#ifndef LIMPET_AGENT_CONFIG_BLOCKS_H_
#define LIMPET_AGENT_CONFIG_BLOCKS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/yaml_walker.h"

namespace limpet {

void ReadGlobal(ReadContext& context, const YamlNode& node, GlobalConfig& global);
void ReadStorage(ReadContext& context, const YamlNode& node, StorageConfig& storage);

// The keys of a scrape configuration that the global block has too.
void ReadScrapeDefaults(MappingReader& reader, ScrapeDefaults& scrape);
// How fine its native histograms may be, which only a scrape configuration says.
void ReadNativeHistogramLimits(MappingReader& reader, ScrapeConfig& scrape);

// The file and the path in it that each job's name was first seen at: names are unique over files.
using JobPlaces = std::map<std::string, std::pair<std::string, std::string>>;

// A list of scrape configurations, added to `scrape_configs`; what they leave out comes from
// `global`.
void ReadScrapeConfigs(ReadContext& context, const YamlNode& node, const GlobalConfig& global,
                       JobPlaces& jobs, std::vector<ScrapeConfig>& scrape_configs);
// The same for a list whose names need to be unique in itself alone.
void ReadScrapeConfigs(ReadContext& context, const YamlNode& node, const GlobalConfig& global,
                       std::vector<ScrapeConfig>& scrape_configs);
// The patterns of files with more of them.
void ReadScrapeConfigFiles(MappingReader& reader, std::vector<std::string>& patterns);

void ReadRemoteWrites(ReadContext& context, const YamlNode& node,
                      std::vector<RemoteWriteConfig>& remote_writes);
void ReadQueueConfig(ReadContext& context, const YamlNode& node, const std::string& path,
                     QueueConfig& queue);

void ReadKubernetesSd(ReadContext& context, const YamlNode& node, const std::string& path,
                      KubernetesSdConfig& kubernetes);
// Its keys that say which API server to ask, as whom, and for which namespaces.
void ReadKubernetesSource(MappingReader& reader, KubernetesSource& source);

void ReadKubernetesMonitors(ReadContext& context, const YamlNode& node,
                            KubernetesMonitorsConfig& monitors);

void ReadFileSd(ReadContext& context, const YamlNode& node, const std::string& path,
                FileSdConfig& files);
void ReadHttpSd(ReadContext& context, const YamlNode& node, const std::string& path,
                HttpSdConfig& http);

// What a target may be: an address, any text, or even none, which is left out later.
enum class TargetText { kAddress, kNotEmpty, kAny };
void ReadStaticConfig(ReadContext& context, const YamlNode& node, const std::string& path,
                      TargetText allowed, StaticConfig& group);

// The list under `key`.
void ReadRelabelRules(MappingReader& reader, std::string_view key, std::vector<RelabelRule>& rules);

// The keys that a block with an HTTP client has beside its own: basic_auth, authorization,
// bearer_token, bearer_token_file, oauth2, tls_config, http_headers, proxy_url and what goes with
// it, follow_redirects and enable_http2.
void ReadHttpClient(MappingReader& reader, HttpClientConfig& http);

// A mapping of label names to values; `read` is how each value is read.
void ReadLabels(ReadContext& context, const YamlNode& node, const std::string& path, Labels& labels,
                bool (MappingReader::*read)(std::string_view, std::string&) = &MappingReader::Text);

// scrape_timeout where it is not set: the lesser of the default and the interval.
Millis DefaultScrapeTimeout(Millis timeout, Millis interval);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_BLOCKS_H_
