// What connections with the same client settings share: credentials, tokens, certificates, proxy.
//
// Who calls it: scraping makes one a job, discovery one an API server, a sender one a receiver, and
// they give it to their HttpConnections; on the loop's thread. Only HttpConnection needs what comes
// from loop() on.
// Operation: what is the same in the settings of several contexts is shared between them:
// certificates by equal tls_config, tokens by equal oauth2.
// Files are looked at again as told in HttpSecretFile and TlsSource; the connection adds
// http_headers and Authorization to each request.
// Errors (a file that cannot be read, a token server that is down) are those of the exchange that
// needed it; they hold no secret.
//
//   auto context = HttpClientContext::Create(loop, config.http);
//   HttpConnection connection(context, url);
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONTEXT_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/platform/event_loop.h"
#include "agent/platform/http_client_config.h"
#include "agent/platform/http_credentials.h"
#include "agent/platform/http_proxy.h"
#include "agent/platform/http_secret_file.h"
#include "agent/platform/result.h"
#include "agent/platform/tls_source.h"

namespace limpet {

class OAuth2TokenSource;

class HttpClientContext {
 public:
  static std::shared_ptr<HttpClientContext> Create(EventLoop& loop, HttpClientConfig config);
  ~HttpClientContext();
  HttpClientContext(const HttpClientContext&) = delete;
  HttpClientContext& operator=(const HttpClientContext&) = delete;

  const HttpClientConfig& config() const { return config_; }
  // Another number once there are other credentials or certificates than before: time to try again
  // where they were refused. Looks at the files.
  uint64_t Version();

  // The present value of the Authorization header where there is one at hand, for those who keep
  // it out of what they show.
  std::optional<std::string> Authorization();
  // And those of http_headers that are in files.
  std::vector<std::string> HeaderFileValues();

  EventLoop& loop() const { return loop_; }
  // Appends http_headers and Authorization, each "Name: value\r\n". False where a token has to be
  // fetched first: then WaitForToken, and ask again.
  Result<bool> AppendFields(std::string& head);
  // `ready` is called from the loop, once, whatever came of it.
  void WaitForToken(std::function<void()> ready);
  // Of the token that AppendFields used last; 0 where there is none.
  uint64_t token_version() const;
  // The token of that version was refused: true where the next AppendFields has a newer one or
  // fetches one.
  bool RenewToken(uint64_t version);

  Result<std::shared_ptr<const TlsContext>> Tls(SteadyTime now);
  const HttpProxyChoice& proxies() const { return proxies_; }
  // The same settings without anything that says who one is: for another server that a redirect
  // points to.
  std::shared_ptr<HttpClientContext> Anonymous();

 private:
  struct HeaderFile {
    std::string name;
    HttpSecretFile file;
  };

  HttpClientContext(EventLoop& loop, HttpClientConfig config);

  EventLoop& loop_;
  const HttpClientConfig config_;
  HttpCredentials credentials_;
  std::string fixed_fields_;  // of http_headers, those that are values
  std::vector<HeaderFile> header_files_;
  std::shared_ptr<OAuth2TokenSource> tokens_;
  std::shared_ptr<TlsSource> tls_;
  const HttpProxyChoice proxies_;
  std::shared_ptr<HttpClientContext> anonymous_;
  bool uses_tls_ = false;
  std::shared_ptr<const TlsContext> last_tls_;
  uint64_t tls_version_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONTEXT_H_
