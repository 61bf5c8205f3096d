// Access tokens by OAuth 2.0 client credentials (RFC 6749, 4.4).
//
// Who calls it: HttpClientContext; on the loop's thread, also from inside the callbacks.
// Operation: one source for all users of equal settings on a loop, one fetch at a time. A token is
// kept until shortly before it expires; a new one is fetched while the old one still holds, so that
// nobody waits and a token server that is away for a moment costs nothing. The client names itself
// by basic authentication first and in the body where that is refused, as golang.org/x/oauth2 does.
// Limits: 10 s a fetch, 64 KiB of an answer; after a failure the next fetch is 1 s to 30 s away, a
// refused token is fetched anew at most every 10 s.
// Errors name the token server and its error code, never a secret.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_OAUTH2_H_
#define LIMPET_AGENT_PLATFORM_HTTP_OAUTH2_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_client_config.h"
#include "agent/platform/http_collector.h"
#include "agent/platform/http_secret_file.h"
#include "agent/platform/result.h"

namespace limpet {

class OAuth2TokenSource : public std::enable_shared_from_this<OAuth2TokenSource> {
 public:
  // The source that users of equal settings share for as long as one of them holds it.
  static std::shared_ptr<OAuth2TokenSource> For(EventLoop& loop, const OAuth2Config& config);

  // The clock tells when tokens expire; it must outlive the source.
  OAuth2TokenSource(EventLoop& loop, OAuth2Config config, const Clock& clock = SystemClock());
  ~OAuth2TokenSource();

  // The value of an Authorization header, good until the next call; null where it has to be waited
  // for. An error where the last fetch failed and it is too early for another one.
  Result<const std::string*> Header();
  // `ready` is called from the loop once a fetch has ended, well or not; starts one where needed.
  void Wait(std::function<void()> ready);
  // Counts the tokens; 0 before the first.
  uint64_t version() const { return version_; }
  // The token of that version was refused. False where it is too new to be out of date.
  bool Renew(uint64_t version);

  const OAuth2Config& config() const { return config_; }

 private:
  bool MayFetch(SteadyTime now) const { return now >= next_fetch_at_; }
  void Fetch();
  Result<HttpRequest> MakeRequest(bool in_body);
  void OnAnswer(Result<HttpAnswer> answer);
  Result<void> Accept(const HttpAnswer& answer);
  void Finish(const Result<void>& result);

  EventLoop& loop_;
  const OAuth2Config config_;
  const Clock& clock_;
  std::optional<HttpSecretFile> secret_file_;
  HttpCollector collector_;
  std::unique_ptr<HttpConnection> connection_;  // while a fetch is under way
  bool fetching_ = false;
  bool in_body_ = false;               // this fetch names the client in the body
  std::optional<bool> works_in_body_;  // what the server is known to take

  std::string header_;
  uint64_t version_ = 0;
  SteadyTime fetched_at_{};
  SteadyTime refresh_at_ = SteadyTime::max();
  SteadyTime expires_at_{};  // less a margin; header_ is of no use from then on
  SteadyTime next_fetch_at_{};
  int failures_ = 0;  // in a row
  Error error_;       // of the last fetch, while it failed
  std::vector<std::function<void()>> waiting_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_OAUTH2_H_
