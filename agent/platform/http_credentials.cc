#include "agent/platform/http_credentials.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/platform/file_system.h"

namespace limpet {
namespace {

constexpr size_t kSecretBytesMax = 64 * 1024;

std::string Base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

// As Prometheus does: most editors end a file with a line break that is no part of the secret.
std::string Trim(const std::string& text) {
  static constexpr char kSpace[] = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool HasControlCharacters(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

struct HttpCredentials::CachedFile {
  struct stat status = {};
  std::string content;

  bool IsSame(const struct stat& now) const {
    const auto same_time = [](const timespec& a, const timespec& b) {
      return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return status.st_dev == now.st_dev && status.st_ino == now.st_ino &&
           status.st_size == now.st_size && same_time(status.st_mtim, now.st_mtim) &&
           same_time(status.st_ctim, now.st_ctim);
  }
};

HttpCredentials::HttpCredentials(HttpClientConfig config) : config_(std::move(config)) {}

HttpCredentials::~HttpCredentials() = default;

Result<std::optional<std::string>> HttpCredentials::AuthorizationHeader() {
  using Header = std::optional<std::string>;
  if (config_.basic_auth) {
    const BasicAuthConfig& basic = *config_.basic_auth;
    std::string password = basic.password.Reveal();
    if (!basic.password_file.empty()) {
      auto secret = ReadSecretFile(basic.password_file);
      if (!secret) return secret.error();
      password = std::move(*secret);
    }
    return Header("Basic " + Base64(basic.username + ":" + password));
  }
  if (config_.authorization) {
    const AuthorizationConfig& authorization = *config_.authorization;
    if (!authorization.credentials_file.empty()) {
      auto secret = ReadSecretFile(authorization.credentials_file);
      if (!secret) return secret.error();
      if (secret->empty()) {
        return Error{"credentials file " + authorization.credentials_file + " is empty"};
      }
      return Header(authorization.type + " " + *secret);
    }
    if (!authorization.credentials.empty()) {
      return Header(authorization.type + " " + authorization.credentials.Reveal());
    }
  }
  return Header();
}

Result<std::string> HttpCredentials::ReadSecretFile(const std::string& path) {
  using Text = Result<std::string>;
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return ErrnoError("credentials file " + path, errno);
  if (file_ != nullptr && file_->IsSame(status)) {
    return Text(file_->content);
  }
  auto content = ReadWholeFile(path, kSecretBytesMax);
  if (!content) {
    return Error{"credentials file: " + content.error().message, content.error().code};
  }
  std::string secret = Trim(*content);
  if (HasControlCharacters(secret)) {
    return Error{"credentials file " + path + " contains line breaks or control characters"};
  }
  // The status from before the reading: a change in between is seen next time.
  file_ = std::make_unique<CachedFile>(CachedFile{status, secret});
  return Text(std::move(secret));
}

}  // namespace limpet
