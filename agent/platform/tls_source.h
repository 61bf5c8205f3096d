// Hands out the TlsContext of a TlsConfig, and takes up certificates that were replaced.
//
// Who calls it: HttpClientContext, for each connection; any thread.
// Operation: one source for all users of equal settings, so that a thousand targets do not each
// read the files. The files are looked at when somebody asks, at most once a second, and read again
// when device, inode, size, mtime or ctime of one changed. What cannot be used (a certificate that
// was replaced before its key) leaves the former context in place and is logged once; it is tried
// again when a file changes and every 5 s.
// Errors: Get fails only while there never was a context.
#ifndef LIMPET_AGENT_PLATFORM_TLS_SOURCE_H_
#define LIMPET_AGENT_PLATFORM_TLS_SOURCE_H_

#include <memory>
#include <mutex>
#include <string>

#include "agent/platform/clock.h"
#include "agent/platform/http_client_config.h"
#include "agent/platform/result.h"
#include "agent/platform/tls.h"

namespace limpet {

class TlsSource {
 public:
  // The source that users of equal settings share for as long as one of them holds it.
  static std::shared_ptr<TlsSource> For(const TlsConfig& config);

  explicit TlsSource(TlsConfig config);

  // Another context than before where the files changed.
  Result<std::shared_ptr<const TlsContext>> Get(SteadyTime now);
  const TlsConfig& config() const { return config_; }

 private:
  void Look(SteadyTime now);

  const TlsConfig config_;
  const bool from_files_;
  std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;
  std::string stamps_;  // of the files when they were last read
  Error error_;         // of the last reading, empty where it went well
  bool looked_ = false;
  SteadyTime looked_at_{};
  SteadyTime read_at_{};
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_TLS_SOURCE_H_
