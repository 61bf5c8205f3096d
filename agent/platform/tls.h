// TLS client settings, loaded once and shared by connections.
//
// Who calls it: the owner of HttpConnections to one origin, on the loop's thread.
// Verification is on (chain and host name) unless insecure_skip_verify; TLS 1.2 is the least.
// As in Go, a chain may end at any certificate of the ca, be it a root, an issuing authority or the
// server's own, and the host name is looked for in subjectAltName alone, not in the common name.
// Errors name the file and OpenSSL's reason, never key material.
#ifndef LIMPET_AGENT_PLATFORM_TLS_H_
#define LIMPET_AGENT_PLATFORM_TLS_H_

#include <memory>
#include <string>

#include "agent/platform/http_client_config.h"
#include "agent/platform/result.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace limpet {

class TlsContext {
 public:
  // Reads the files; the system's own roots where neither ca nor ca_file is set.
  static Result<std::shared_ptr<const TlsContext>> Create(const TlsConfig& config);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For platform/ alone.
  SSL_CTX* native() const { return context_; }
  const std::string& server_name() const { return server_name_; }
  bool verifies() const { return verifies_; }

 private:
  TlsContext() = default;
  SSL_CTX* context_ = nullptr;
  std::string server_name_;  // empty: the origin's host
  bool verifies_ = true;
};

// OpenSSL's newest reason on this thread ("wrong version number"), which is taken away. For
// platform/ alone.
std::string TlsErrorText();

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_TLS_H_
