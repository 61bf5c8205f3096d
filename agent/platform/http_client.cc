#include "agent/platform/http_client.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "agent/platform/http_client_request.h"
#include "agent/platform/http_client_state.h"

namespace limpet {
namespace {

// Deadlines that are far away fall together, so that a thousand idle connections do not wake the
// loop one by one.
constexpr Millis kDeadlineStep{128};
constexpr Millis kFarAway{1000};

SteadyTime RoundedUp(SteadyTime when) {
  const auto rest = when.time_since_epoch() % kDeadlineStep;
  return rest.count() == 0 ? when : when + (kDeadlineStep - rest);
}

}  // namespace

void HttpConnection::State::Start(HttpRequest request, SteadyTime deadline,
                                  HttpResponseHandler& handler) {
  assert(!busy());
  ++exchange_;
  handler_ = &handler;
  request_ = std::move(request);
  renewed_ = false;
  redirects_ = 0;
  phase_ = Phase::kConnect;
  connect_deadline_ = SteadyTime::max();
  SetDeadline(deadline);
  Send();
}

// Also called from inside Start, so nothing in here may end the exchange.
void HttpConnection::State::Send() {
  received_bytes_ = 0;
  const auto written = WriteHead();
  if (!written) return FailLater(written.error());
  if (!*written) {
    phase_ = Phase::kToken;
    context_->WaitForToken([weak = weak_from_this(), exchange = exchange_] {
      const auto state = weak.lock();
      if (state && state->exchange_ == exchange) state->Send();
    });
    return;
  }
  if (speaks_tls() || has_tls_proxy()) {
    if (const auto fresh = RefreshTls(); !fresh) return FailLater(fresh.error());
  }
  reused_ = stream_ != nullptr && stream_->IsQuiet();
  if (reused_) return BeginExchange();
  Connect();
}

// False where the context has to fetch a token first.
Result<bool> HttpConnection::State::WriteHead() {
  std::string prefix;  // a proxy is told the whole URL
  if (context_ != nullptr && context_->proxies().any()) {
    const auto proxy = context_->proxies().For(origin_);
    if (!proxy) return proxy.error();
    proxy_ = *proxy;
    if (proxy_ != nullptr && !speaks_tls()) prefix = origin_.Origin();
  }
  if (auto written = WriteRequestHead(request_, prefix, host_header_, head_); !written) {
    return written.error();
  }
  if (!prefix.empty() && !proxy_->credentials.empty()) {
    head_.append("Proxy-Authorization: ");
    head_.append(BasicAuthorization(proxy_->credentials.Reveal())).append("\r\n");
  }
  if (context_ != nullptr) {
    const auto complete = context_->AppendFields(head_);
    if (!complete || !*complete) return complete;
    token_version_ = context_->token_version();
  }
  head_.append("\r\n");
  return true;
}

Result<void> HttpConnection::State::RefreshTls() {
  if (context_ == nullptr) {
    if (tls_ == nullptr) return Error{origin_.Origin() + " needs TLS settings"};
    return {};
  }
  auto tls = context_->Tls(SystemClock().Now());
  if (!tls) return tls.error();
  if (*tls == tls_) return {};
  // A kept connection was made with what has been replaced since.
  stream_.reset();
  tls_ = *std::move(tls);
  return {};
}

std::string HttpConnection::State::Peer() const {
  const bool of_proxy = proxy_ != nullptr && phase_ < Phase::kHandshake;
  const Url& url = of_proxy ? proxy_->url : origin_;
  const bool v6 = url.host.find(':') != url.host.npos;
  return (of_proxy ? "proxy " : "") + (v6 ? "[" + url.host + "]" : url.host) + ":" +
         std::to_string(url.port);
}

void HttpConnection::State::SetDeadline(SteadyTime deadline) {
  deadline_ = deadline;
  if (phase_ == Phase::kDetour) return detour_->ExtendDeadline(deadline);
  SetTimer(deadline_);
}

void HttpConnection::State::SetTimer(SteadyTime when) {
  if (when >= timer_at_) return;
  const SteadyTime now = SystemClock().Now();
  if (when > now + kFarAway && when - now < std::chrono::hours(24)) when = RoundedUp(when);
  timer_at_ = when;
  timer_.At(when, [weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->OnDeadline();
  });
}

void HttpConnection::State::OnDeadline() {
  timer_at_ = SteadyTime::max();
  if (!busy() || phase_ == Phase::kDetour) return;
  const SteadyTime deadline = connecting() ? std::min(deadline_, connect_deadline_) : deadline_;
  if (SystemClock().Now() < deadline) return SetTimer(deadline);
  Fail(TimeoutError());
}

Error HttpConnection::State::TimeoutError() const {
  std::string what;
  if (phase_ == Phase::kToken) {
    what = "timeout while waiting for an OAuth2 token";
  } else if (phase_ == Phase::kConnect) {
    const bool resolving = connector_ != nullptr && connector_->resolving();
    what = resolving ? "timeout while resolving " + (proxy_ ? proxy_->url.host : origin_.host)
                     : "timeout while connecting to " + Peer();
  } else if (phase_ == Phase::kTunnel) {
    what = "timeout while waiting for " + Peer();
  } else if (phase_ == Phase::kHandshake || phase_ == Phase::kProxyHandshake) {
    what = "timeout in the TLS handshake with " + Peer();
  } else if (received_bytes_ > 0) {
    what = "timeout after reading " + std::to_string(received_bytes_) + " bytes from " + Peer();
  } else if (!sent_all()) {
    what = "timeout after sending " + std::to_string(sent_bytes_) + " of " +
           std::to_string(request_bytes()) + " bytes to " + Peer();
  } else {
    what = "timeout while waiting for an answer from " + Peer();
  }
  return Error{what, ETIMEDOUT};
}

void HttpConnection::State::Connect() {
  phase_ = Phase::kConnect;
  stream_.reset();
  connect_deadline_ = deadline_;
  if (limits_.connect_timeout.count() > 0) {
    connect_deadline_ = std::min(deadline_, SystemClock().Now() + limits_.connect_timeout);
    SetTimer(connect_deadline_);
  }
  const Url& to = proxy_ != nullptr ? proxy_->url : origin_;
  connector_ = std::make_unique<HttpClientConnector>(
      loop_, to.host, to.port, connect_deadline_,
      [weak = weak_from_this()](Result<std::shared_ptr<HttpClientStream>> stream) {
        if (const auto state = weak.lock()) state->OnConnected(std::move(stream));
      });
}

void HttpConnection::State::OnConnected(Result<std::shared_ptr<HttpClientStream>> stream) {
  connector_.reset();
  if (!stream) {
    const std::string prefix = proxy_ != nullptr ? "proxy: " : "";
    return Fail(Error{prefix + stream.error().message, stream.error().code});
  }
  stream_ = std::move(*stream);
  stream_->set_owner(weak_from_this());
  if (!has_tls_proxy()) return AfterProxyHandshake();
  phase_ = Phase::kProxyHandshake;
  BeginTls(proxy_->url.host);
}

void HttpConnection::State::AfterProxyHandshake() {
  if (!speaks_tls()) return BeginExchange();
  if (proxy_ != nullptr && phase_ != Phase::kTunnel) return BeginTunnel();
  phase_ = Phase::kHandshake;
  BeginTls(tls_->server_name().empty() ? origin_.host : tls_->server_name());
}

void HttpConnection::State::BeginTls(const std::string& name) {
  if (auto started = stream_->StartTls(*tls_, name); !started) {
    return Fail(Error{"TLS with " + Peer() + " " + started.error().message});
  }
  Handshake();
}

void HttpConnection::State::Handshake() {
  switch (stream_->Handshake()) {
    case IoStatus::kDone:
      return phase_ == Phase::kProxyHandshake ? AfterProxyHandshake() : BeginExchange();
    case IoStatus::kWantRead:
      return stream_->Wait(true, false);
    case IoStatus::kWantWrite:
      return stream_->Wait(false, true);
    default:
      break;
  }
  const Error& error = stream_->error();
  const std::string why = error.message.empty() ? "connection closed" : error.message;
  Fail(Error{"TLS handshake with " + Peer() + ": " + why, error.code});
}

void HttpConnection::State::FailLater(Error error) {
  loop_.Post([weak = weak_from_this(), exchange = exchange_, error = std::move(error)] {
    const auto state = weak.lock();
    if (state && state->exchange_ == exchange) state->Fail(error);
  });
}

void HttpConnection::State::Cancel() {
  if (!busy()) return;
  Release();
  stream_.reset();
}

HttpConnection::HttpConnection(std::shared_ptr<HttpClientContext> context, Url origin,
                               HttpLimits limits) {
  EventLoop& loop = context->loop();
  state_ = std::make_shared<State>(loop, std::move(context), std::move(origin), nullptr, limits);
}

HttpConnection::HttpConnection(EventLoop& loop, Url origin, std::shared_ptr<const TlsContext> tls,
                               HttpLimits limits)
    : state_(std::make_shared<State>(loop, nullptr, std::move(origin), std::move(tls), limits)) {}

HttpConnection::~HttpConnection() { state_->Cancel(); }

void HttpConnection::Start(HttpRequest request, SteadyTime deadline, HttpResponseHandler& handler) {
  state_->Start(std::move(request), deadline, handler);
}

void HttpConnection::ExtendDeadline(SteadyTime deadline) {
  if (state_->busy()) state_->SetDeadline(deadline);
}

void HttpConnection::Cancel() { state_->Cancel(); }

bool HttpConnection::busy() const { return state_->busy(); }

}  // namespace limpet
