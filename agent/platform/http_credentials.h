// The Authorization header of a client, from values or from files that may be rotated.
//
// Who calls it: HttpClientContext, or whoever starts a request without one, on the loop's thread,
// once per request. What has to be asked for over the network (oauth2) is not here but in
// HttpClientContext.
// Errors say which file cannot be read, never what is in it.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CREDENTIALS_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CREDENTIALS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/platform/http_client_config.h"
#include "agent/platform/http_secret_file.h"
#include "agent/platform/result.h"

namespace limpet {

class HttpCredentials {
 public:
  explicit HttpCredentials(HttpClientConfig config);

  // The header's value ("Bearer ...", "Basic ..."), or nothing where the configuration has none.
  Result<std::optional<std::string>> AuthorizationHeader();
  // Another one each time a file brought another secret.
  uint64_t version() const { return file_ ? file_->version() : 0; }

 private:
  const HttpClientConfig config_;
  std::optional<HttpSecretFile> file_;
};

// The value of basic authentication for "user:password" (RFC 7617, 2).
std::string BasicAuthorization(std::string_view user_and_password);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CREDENTIALS_H_
