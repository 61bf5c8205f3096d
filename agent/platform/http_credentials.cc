#include "agent/platform/http_credentials.h"

#include <openssl/evp.h>

#include <utility>

namespace limpet {
namespace {

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1,
                   '\0');  // EVP_EncodeBlock ends it with a NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

std::string SecretPath(const HttpClientConfig& config) {
  if (config.basic_auth) return config.basic_auth->password_file;
  return config.authorization ? config.authorization->credentials_file : "";
}

}  // namespace

std::string BasicAuthorization(std::string_view user_and_password) {
  return "Basic " + Base64(user_and_password);
}

HttpCredentials::HttpCredentials(HttpClientConfig config) : config_(std::move(config)) {
  if (const std::string path = SecretPath(config_); !path.empty()) {
    file_.emplace("credentials file", path);
  }
}

Result<std::optional<std::string>> HttpCredentials::AuthorizationHeader() {
  using Header = std::optional<std::string>;
  const std::string* secret = nullptr;
  if (file_) {
    auto read = file_->Read();
    if (!read) return read.error();
    secret = *read;
  }
  if (config_.basic_auth) {
    const BasicAuthConfig& basic = *config_.basic_auth;
    if (secret == nullptr) secret = &basic.password.Reveal();
    return Header(BasicAuthorization(basic.username + ":" + *secret));
  }
  if (!config_.authorization) return Header();
  const AuthorizationConfig& authorization = *config_.authorization;
  if (secret != nullptr && secret->empty()) {
    return Error{"credentials file " + authorization.credentials_file + " is empty"};
  }
  if (secret == nullptr) secret = &authorization.credentials.Reveal();
  if (secret->empty()) return Header();
  return Header(authorization.type + " " + *secret);
}

}  // namespace limpet
