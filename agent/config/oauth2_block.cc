#include "agent/config/http_client_parts.h"

namespace limpet {

void ReadOAuth2(ReadContext& context, const YamlNode& node, const std::string& path,
                OAuth2Config& oauth2) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  reader.Text("client_id", oauth2.client_id);
  if (!reader.IsSet("client_id")) reader.Error("client_id is missing");
  reader.SecretText("client_secret", oauth2.client_secret);
  reader.FileName("client_secret_file", oauth2.client_secret_file);
  AtMostOne(reader, "client_secret", "client_secret_file");
  reader.List("scopes", [&](const YamlNode& item, const std::string& item_path) {
    if (auto scope = ReadText(context, item, item_path)) oauth2.scopes.push_back(*scope);
  });
  reader.HttpUrl("token_url", oauth2.token_url);
  if (!reader.Has("token_url")) reader.Error("token_url is missing");
  if (const YamlNode* params = reader.Find("endpoint_params")) {
    MappingReader params_reader(context, *params, reader.PathOf("endpoint_params"));
    for (const auto& [name, entry] : params_reader.entries()) {
      std::string value;
      if (params_reader.Text(name, value)) oauth2.endpoint_params.emplace_back(name, value);
    }
  }
  if (const YamlNode* tls = reader.Find("tls_config")) {
    ReadTls(context, *tls, reader.PathOf("tls_config"), oauth2.tls);
  }
  ReadProxy(reader, oauth2.proxy);
  for (const char* key :
       {"client_secret_ref", "grant_type", "client_certificate_key", "client_certificate_key_file",
        "client_certificate_key_ref", "client_certificate_key_id", "signature_algorithm", "iss",
        "audience", "claims"}) {
    reader.NotSupported(key, "it uses client credentials with a client_secret");
  }
  reader.Finish();
}

}  // namespace limpet
