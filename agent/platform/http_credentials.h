// The Authorization header of a client, from values or from files that may be rotated.
//
// Who calls it: whoever starts a request, on the loop's thread, once per request. Files are read
// again when their inode, size or mtime changed (a Kubernetes Secret mount swaps a link).
// Errors say which file cannot be read, never what is in it.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CREDENTIALS_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CREDENTIALS_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/platform/http_client_config.h"
#include "agent/platform/result.h"

namespace limpet {

class HttpCredentials {
 public:
  explicit HttpCredentials(HttpClientConfig config);
  ~HttpCredentials();

  // The header's value ("Bearer ...", "Basic ..."), or nothing where the configuration has none.
  Result<std::optional<std::string>> AuthorizationHeader();

 private:
  struct CachedFile;
  Result<std::string> ReadSecretFile(const std::string& path);
  HttpClientConfig config_;
  std::unique_ptr<CachedFile> file_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CREDENTIALS_H_
