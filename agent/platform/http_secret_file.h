// A file that holds a secret and may be rotated: a token, a password, a header's value.
//
// Who calls it: HttpCredentials, HttpClientContext and OAuth2TokenSource, on the loop's thread.
// Operation: the file is looked at for every Read and read again when its device, inode, size,
// mtime or ctime changed (a Kubernetes Secret mount swaps a link). Space around the secret is no
// part of it, as in Prometheus: most editors end a file with a line break.
// Limits: 64 KiB; control characters are refused, since the text goes into a header.
// Errors say which file cannot be read, never what is in it.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_SECRET_FILE_H_
#define LIMPET_AGENT_PLATFORM_HTTP_SECRET_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "agent/platform/result.h"

namespace limpet {

class HttpSecretFile {
 public:
  // `what` stands before the path in errors: "credentials file".
  HttpSecretFile(std::string what, std::string path);
  ~HttpSecretFile();
  HttpSecretFile(HttpSecretFile&&) noexcept;

  // The text is good until the next Read.
  Result<const std::string*> Read();
  // Another one each time another text was read.
  uint64_t version() const { return version_; }

 private:
  struct Stamp;
  std::string what_;
  std::string path_;
  std::unique_ptr<Stamp> stamp_;  // of the content; none before the first
  std::string content_;
  uint64_t version_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_SECRET_FILE_H_
