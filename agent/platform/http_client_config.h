// How a client identifies itself and whom it trusts: the HTTP client blocks of Prometheus'
// configuration (basic_auth, authorization, tls_config, headers), shared by scraping, discovery and
// remote write.
//
// Who calls it: config/ fills these in, HttpConnection, HttpCredentials and TlsContext read them.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONFIG_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "agent/platform/secret.h"

namespace limpet {

struct BasicAuthConfig {
  std::string username;
  Secret password;
  std::string password_file;
  friend bool operator==(const BasicAuthConfig&, const BasicAuthConfig&) = default;
};

// authorization: and its older spelling bearer_token / bearer_token_file.
struct AuthorizationConfig {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;
  friend bool operator==(const AuthorizationConfig&, const AuthorizationConfig&) = default;
};

// PEM text or a file of it for each; empty ones are not set.
struct TlsConfig {
  std::string ca;
  std::string ca_file;
  std::string cert;
  std::string cert_file;
  Secret key;
  std::string key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version;  // TLS10 TLS11 TLS12 TLS13, empty: TLS12
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

struct HttpHeader {
  std::string name;
  std::string value;
  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

struct HttpClientConfig {
  std::optional<BasicAuthConfig> basic_auth;
  std::optional<AuthorizationConfig> authorization;
  TlsConfig tls;
  std::vector<HttpHeader> headers;  // remote_write's own; values may be secrets
  friend bool operator==(const HttpClientConfig&, const HttpClientConfig&) = default;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONFIG_H_
