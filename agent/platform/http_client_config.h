// How a client identifies itself and whom it trusts: the HTTP client blocks of Prometheus'
// configuration (basic_auth, authorization, oauth2, tls_config, proxy_url, http_headers and what
// goes with them), shared by scraping, discovery and remote write.
//
// Who calls it: config/ fills these in, HttpClientContext and what it is made of read them.
// Source: prometheus/common's HTTPClientConfig. enable_http2 has no field: HTTP/1.1 is what is
// spoken.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONFIG_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONFIG_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/platform/secret.h"
#include "agent/platform/url.h"

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
  std::string max_version;  // of the same, empty: the newest
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

struct HttpHeader {
  std::string name;
  std::string value;
  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

// One name of http_headers; it is sent once for each value, secret and file's content.
struct HttpHeaderSource {
  std::string name;
  std::vector<std::string> values;
  std::vector<Secret> secrets;
  std::vector<std::string> files;
  friend bool operator==(const HttpHeaderSource&, const HttpHeaderSource&) = default;
};

struct HttpProxy {
  Url url;
  Secret credentials;  // "user:password" of the URL, decoded
  friend bool operator==(const HttpProxy&, const HttpProxy&) = default;
};

struct HttpProxyConfig {
  std::optional<HttpProxy> proxy;
  std::string no_proxy;
  bool from_environment = false;
  std::vector<HttpHeaderSource> connect_headers;  // their values are secrets
  friend bool operator==(const HttpProxyConfig&, const HttpProxyConfig&) = default;
};

struct OAuth2Config {
  std::string client_id;
  Secret client_secret;
  std::string client_secret_file;
  std::vector<std::string> scopes;
  Url token_url;
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  TlsConfig tls;
  HttpProxyConfig proxy;
  friend bool operator==(const OAuth2Config&, const OAuth2Config&) = default;
};

struct HttpClientConfig {
  std::optional<BasicAuthConfig> basic_auth;
  std::optional<AuthorizationConfig> authorization;
  std::optional<OAuth2Config> oauth2;
  TlsConfig tls;
  HttpProxyConfig proxy;
  bool follow_redirects = true;  // of GET
  std::vector<HttpHeaderSource> http_headers;
  std::vector<HttpHeader> headers;  // remote_write's own; values may be secrets
  friend bool operator==(const HttpClientConfig&, const HttpClientConfig&) = default;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONFIG_H_
