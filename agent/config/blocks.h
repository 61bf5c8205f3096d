// The readers of the configuration's blocks, one a block; LoadConfig alone calls the first, they
// call each other.
//
// Each reads a mapping through MappingReader, fills its struct and reports what is wrong to the
// reader's context; after an error what it filled in is of no use.
// Source of names and rules: Prometheus' configuration reference and its own checks
// (config/config.go, discovery/kubernetes, model/relabel).
#ifndef LIMPET_AGENT_CONFIG_BLOCKS_H_
#define LIMPET_AGENT_CONFIG_BLOCKS_H_

#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/yaml_walker.h"

namespace limpet {

void ReadGlobal(ReadContext& context, const YamlNode& node, GlobalConfig& global);
void ReadStorage(ReadContext& context, const YamlNode& node, StorageConfig& storage);

// The keys of a scrape configuration that the global block has too.
void ReadScrapeDefaults(MappingReader& reader, ScrapeDefaults& scrape);

// A list of scrape configurations; what they leave out comes from `global`.
void ReadScrapeConfigs(ReadContext& context, const YamlNode& node, const GlobalConfig& global,
                       std::vector<ScrapeConfig>& scrape_configs);

void ReadRemoteWrites(ReadContext& context, const YamlNode& node,
                      std::vector<RemoteWriteConfig>& remote_writes);
void ReadQueueConfig(ReadContext& context, const YamlNode& node, const std::string& path,
                     QueueConfig& queue);

void ReadKubernetesSd(ReadContext& context, const YamlNode& node, const std::string& path,
                      KubernetesSdConfig& kubernetes);

// The list under `key`.
void ReadRelabelRules(MappingReader& reader, std::string_view key, std::vector<RelabelRule>& rules);

// The keys that a block with an HTTP client has beside its own: basic_auth, authorization,
// bearer_token, bearer_token_file, oauth2, tls_config, http_headers, proxy_url and what goes with
// it, follow_redirects and enable_http2.
void ReadHttpClient(MappingReader& reader, HttpClientConfig& http);

// A mapping of label names to values.
void ReadLabels(ReadContext& context, const YamlNode& node, const std::string& path,
                Labels& labels);

// scrape_timeout where it is not set: the lesser of the default and the interval.
Millis DefaultScrapeTimeout(Millis timeout, Millis interval);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_BLOCKS_H_
