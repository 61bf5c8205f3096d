#include "agent/config/blocks.h"
#include "agent/config/http_client_parts.h"
#include "agent/platform/utf8.h"

namespace limpet {

void CheckHeaderText(MappingReader& reader, std::string_view key, std::string_view text) {
  if (HasControl(text)) {
    reader.ValueError(key, "must not contain line breaks or other control characters");
  }
}

void AtMostOne(MappingReader& reader, std::string_view a, std::string_view b) {
  if (!reader.IsSet(a) || !reader.IsSet(b)) return;
  const YamlPlace& first = reader.KeyPlace(a);
  const YamlPlace& second = reader.KeyPlace(b);
  const bool b_later = std::pair(second.line, second.column) >= std::pair(first.line, first.column);
  reader.KeyError(b_later ? b : a,
                  "at most one of " + std::string(a) + " and " + std::string(b) + " may be set");
}

namespace {

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
  if (const YamlNode* node = reader.Find("oauth2")) {
    ReadOAuth2(context, *node, reader.PathOf("oauth2"), http.oauth2.emplace());
  }
  if (const YamlNode* node = reader.Find("http_headers")) {
    ReadHttpHeaders(context, *node, reader.PathOf("http_headers"), http.http_headers);
  }
  ReadProxy(reader, http.proxy);
  reader.Bool("follow_redirects", http.follow_redirects);
  bool http2 = true;  // offered to nobody, which every server allows
  reader.Bool("enable_http2", http2);
  AtMostOne(reader, "basic_auth", "authorization");
  AtMostOne(reader, "bearer_token", "bearer_token_file");
  AtMostOne(reader, "basic_auth", "oauth2");
  AtMostOne(reader, "authorization", "oauth2");
  for (const char* bearer_key : {"bearer_token", "bearer_token_file"}) {
    AtMostOne(reader, "basic_auth", bearer_key);
    AtMostOne(reader, "authorization", bearer_key);
    AtMostOne(reader, "oauth2", bearer_key);
  }
}

}  // namespace limpet
