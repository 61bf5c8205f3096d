// The readers of what an HTTP client block is made of; ReadHttpClient and they call each other.
//
// What is a secret, or goes into a header, is never quoted in an error.
// Source of names and rules: prometheus/common's HTTPClientConfig, TLSConfig, OAuth2, ProxyConfig
// and Headers, and their Validate.
#ifndef LIMPET_AGENT_CONFIG_HTTP_CLIENT_PARTS_H_
#define LIMPET_AGENT_CONFIG_HTTP_CLIENT_PARTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/yaml_walker.h"
#include "agent/platform/http_client_config.h"

namespace limpet {

std::string AsciiLower(std::string_view text);
// A token of RFC 9110, 5.6.2, and what may stand behind it.
bool IsHeaderName(std::string_view name);
bool IsHeaderValue(std::string_view value);

// Reports a value that would end a header's line early.
void CheckHeaderText(MappingReader& reader, std::string_view key, std::string_view text);

// Reports the second of two keys that say the same thing in two ways; call it once both are read.
void AtMostOne(MappingReader& reader, std::string_view a, std::string_view b);

void ReadTls(ReadContext& context, const YamlNode& node, const std::string& path, TlsConfig& tls);
void ReadOAuth2(ReadContext& context, const YamlNode& node, const std::string& path,
                OAuth2Config& oauth2);
void ReadHttpHeaders(ReadContext& context, const YamlNode& node, const std::string& path,
                     std::vector<HttpHeaderSource>& headers);
// proxy_url, no_proxy, proxy_from_environment and proxy_connect_header, which stand in a block
// among others.
void ReadProxy(MappingReader& reader, HttpProxyConfig& proxy);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_HTTP_CLIENT_PARTS_H_
