// Whether an answer is the last one of its exchange: redirects of a GET, and a token that is no
// longer good.
//
// Redirects as Go follows them, with one rule for what says who one is (Authorization,
// http_headers, a client certificate): it goes to the connection's own origin and to no other, and
// once a chain has left that, it has none of it any more, wherever it leads.
#include <strings.h>

#include <utility>

#include "agent/platform/http_client_state.h"

namespace limpet {
namespace {

constexpr int kRedirectsMax = 10;               // Go's
constexpr size_t kSkippedBytesMax = 64 * 1024;  // read only to keep the connection

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool SaysWhoOneIs(const std::string& header) {
  for (const char* name : {"Authorization", "Cookie", "Cookie2", "Proxy-Authorization"}) {
    if (strcasecmp(header.c_str(), name) == 0) return true;
  }
  return false;
}

}  // namespace

bool HttpConnection::State::OnHead(const HttpResponseHead& head) {
  if (phase_ != Phase::kDetour) verdict_ = Judge(head);
  return verdict_ != Verdict::kAnswer || handler_->OnHead(head);
}

bool HttpConnection::State::OnBody(std::string_view bytes) {
  if (verdict_ == Verdict::kAnswer) return handler_->OnBody(bytes);
  skipped_bytes_ += bytes.size();
  return skipped_bytes_ <= kSkippedBytesMax;
}

void HttpConnection::State::OnDone(const Result<void>& result) {
  HttpResponseHandler* const handler = handler_;
  phase_ = Phase::kConnect;  // the detour has ended and is not to be cancelled
  Release();
  handler->OnDone(result);
}

HttpConnection::State::Verdict HttpConnection::State::Judge(const HttpResponseHead& head) {
  const int status = head.status();
  if (context_ == nullptr || status < 300) return Verdict::kAnswer;
  skipped_bytes_ = 0;
  if (status == 407 && proxy_ != nullptr && !speaks_tls()) return Verdict::kProxyRefused;
  if (status == 401 && !renewed_ && context_->RenewToken(token_version_)) {
    return Verdict::kNewToken;
  }
  if (IsRedirect(status) && request_.method == "GET" && context_->config().follow_redirects) {
    location_ = head.Field("Location");
    if (!location_.empty()) return Verdict::kRedirect;
  }
  return Verdict::kAnswer;
}

// After an answer that is not the last one.
void HttpConnection::State::Proceed(bool keep_alive) {
  if (!keep_alive) stream_.reset();
  phase_ = Phase::kConnect;
  switch (std::exchange(verdict_, Verdict::kAnswer)) {
    case Verdict::kNewToken:
      renewed_ = true;
      return Send();
    case Verdict::kRedirect:
      return Redirect();
    default:
      return Fail(Error{Peer() + " refused: HTTP status 407 (proxy authentication required)"});
  }
}

void HttpConnection::State::Redirect() {
  Url from = origin_;
  from.target = request_.target;
  const auto to = ResolveReference(from, std::exchange(location_, {}));
  if (!to) return Fail(Error{"redirect by " + origin_.Origin() + ": " + to.error().message});
  if (++redirects_ > kRedirectsMax) {
    return Fail(Error{"stopped after " + std::to_string(kRedirectsMax) + " redirects"});
  }
  if (!IsSameOrigin(*to, origin_)) return Detour(*to);
  request_.target = to->target;
  Send();
}

void HttpConnection::State::Detour(const Url& url) {
  if (detour_ == nullptr || !IsSameOrigin(detour_->state_->origin_, url)) {
    detour_ = std::make_unique<HttpConnection>(context_->Anonymous(), url, limits_);
  }
  std::erase_if(request_.headers, [](const HttpHeader& h) { return SaysWhoOneIs(h.name); });
  request_.target = url.target;
  phase_ = Phase::kDetour;
  detour_->Start(std::move(request_), deadline_, *this);
  detour_->state_->redirects_ = redirects_;
}

}  // namespace limpet
