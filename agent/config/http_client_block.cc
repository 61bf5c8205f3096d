#include <algorithm>

#include "agent/config/blocks.h"

namespace limpet {

namespace {

// What would end a header's line early.
bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// A value that goes into a header; never quoted.
void CheckHeaderText(MappingReader& reader, std::string_view key, std::string_view text) {
  if (HasControlCharacter(text)) {
    reader.ValueError(key, "must not contain line breaks or other control characters");
  }
}

// Reports the second of two keys that say the same thing in two ways; call it once both are read.
void AtMostOne(MappingReader& reader, std::string_view a, std::string_view b) {
  if (!reader.IsSet(a) || !reader.IsSet(b)) return;
  const YamlPlace& first = reader.KeyPlace(a);
  const YamlPlace& second = reader.KeyPlace(b);
  const bool b_later = std::pair(second.line, second.column) >= std::pair(first.line, first.column);
  reader.KeyError(b_later ? b : a,
                  "at most one of " + std::string(a) + " and " + std::string(b) + " may be set");
}

void ReadBasicAuth(ReadContext& context, const YamlNode& node, const std::string& path,
                   BasicAuthConfig& basic_auth) {
  MappingReader reader(context, node, path);
  if (reader.Text("username", basic_auth.username)) {
    CheckHeaderText(reader, "username", basic_auth.username);
    if (basic_auth.username.find(':') != std::string::npos) {
      reader.ValueError("username", "must not contain a colon");
    }
  }
  if (reader.SecretText("password", basic_auth.password)) {
    CheckHeaderText(reader, "password", basic_auth.password.Reveal());
  }
  reader.FileName("password_file", basic_auth.password_file);
  AtMostOne(reader, "password", "password_file");
  reader.NotSupported("username_file", "set username, from the environment if need be");
  reader.NotSupported("username_ref");
  reader.NotSupported("password_ref");
  reader.Finish();
}

// Without credentials it is valid, as in Prometheus: no header is sent then.
void ReadAuthorization(ReadContext& context, const YamlNode& node, const std::string& path,
                       AuthorizationConfig& authorization) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  if (reader.Text("type", authorization.type)) {
    std::string lower = authorization.type;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower == "basic") reader.ValueError("type", "for basic authentication use basic_auth");
    CheckHeaderText(reader, "type", authorization.type);
    if (authorization.type.empty()) authorization.type = "Bearer";
  }
  if (reader.SecretText("credentials", authorization.credentials)) {
    CheckHeaderText(reader, "credentials", authorization.credentials.Reveal());
  }
  reader.FileName("credentials_file", authorization.credentials_file);
  AtMostOne(reader, "credentials", "credentials_file");
  reader.NotSupported("credentials_ref");
  reader.Finish();
}

void ReadTls(ReadContext& context, const YamlNode& node, const std::string& path, TlsConfig& tls) {
  MappingReader reader(context, node, path);
  reader.Text("ca", tls.ca);
  reader.FileName("ca_file", tls.ca_file);
  reader.Text("cert", tls.cert);
  reader.FileName("cert_file", tls.cert_file);
  reader.SecretText("key", tls.key);
  reader.FileName("key_file", tls.key_file);
  reader.Text("server_name", tls.server_name);
  reader.Bool("insecure_skip_verify", tls.insecure_skip_verify);
  if (reader.Text("min_version", tls.min_version)) {
    constexpr std::string_view kVersions[] = {"TLS10", "TLS11", "TLS12", "TLS13"};
    if (std::find(std::begin(kVersions), std::end(kVersions), tls.min_version) ==
        std::end(kVersions)) {
      reader.ValueError("min_version", "expected TLS10, TLS11, TLS12 or TLS13, found " +
                                           DescribeNode(*reader.Find("min_version")));
    }
  }
  AtMostOne(reader, "ca", "ca_file");
  AtMostOne(reader, "cert", "cert_file");
  AtMostOne(reader, "key", "key_file");
  const bool has_cert = reader.IsSet("cert") || reader.IsSet("cert_file");
  const bool has_key = reader.IsSet("key") || reader.IsSet("key_file");
  if (has_cert && !has_key) reader.Error("a client certificate needs key or key_file");
  if (has_key && !has_cert) reader.Error("a client key needs cert or cert_file");
  for (const char* key : {"max_version", "ca_ref", "cert_ref", "key_ref"}) {
    reader.NotSupported(key);
  }
  reader.Finish();
}

}  // namespace

void ReadHttpClient(MappingReader& reader, HttpClientConfig& http) {
  ReadContext& context = reader.context();
  if (const YamlNode* node = reader.Find("basic_auth")) {
    ReadBasicAuth(context, *node, reader.PathOf("basic_auth"), http.basic_auth.emplace());
  }
  if (const YamlNode* node = reader.Find("authorization")) {
    ReadAuthorization(context, *node, reader.PathOf("authorization"), http.authorization.emplace());
  }
  AuthorizationConfig bearer;
  if (reader.SecretText("bearer_token", bearer.credentials)) {
    CheckHeaderText(reader, "bearer_token", bearer.credentials.Reveal());
  }
  reader.FileName("bearer_token_file", bearer.credentials_file);
  if (!bearer.credentials.empty() || !bearer.credentials_file.empty()) {
    http.authorization = std::move(bearer);
  }
  if (const YamlNode* node = reader.Find("tls_config")) {
    ReadTls(context, *node, reader.PathOf("tls_config"), http.tls);
  }
  AtMostOne(reader, "basic_auth", "authorization");
  AtMostOne(reader, "bearer_token", "bearer_token_file");
  for (const char* bearer_key : {"bearer_token", "bearer_token_file"}) {
    AtMostOne(reader, "basic_auth", bearer_key);
    AtMostOne(reader, "authorization", bearer_key);
  }
  for (const char* key :
       {"oauth2", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header",
        "follow_redirects", "enable_http2", "http_headers"}) {
    reader.NotSupported(key);
  }
}

}  // namespace limpet
