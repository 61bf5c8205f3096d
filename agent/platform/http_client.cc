#include "agent/platform/http_client.h"

#include <cassert>
#include <cerrno>
#include <utility>

#include "agent/platform/http_client_request.h"
#include "agent/platform/http_client_state.h"

namespace limpet {

void HttpConnection::State::Start(HttpRequest request, SteadyTime deadline,
                                  HttpResponseHandler& handler) {
  assert(!busy());
  ++exchange_;
  handler_ = &handler;
  body_ = std::move(request.body);
  received_bytes_ = 0;
  phase_ = Phase::kConnect;
  SetDeadline(deadline);
  const auto written = WriteRequestHead(request, host_header_, body_.size(), head_);
  if (!written) return FailLater(written.error());
  if (origin_.scheme == "https" && tls_ == nullptr) {
    return FailLater(Error{"https://" + Peer() + " needs TLS settings"});
  }
  reused_ = stream_ != nullptr && stream_->IsQuiet();
  if (reused_) return BeginExchange();
  Connect();
}

void HttpConnection::State::SetDeadline(SteadyTime deadline) {
  deadline_ = deadline;
  if (deadline_ >= timer_at_) return;
  timer_at_ = deadline_;
  timer_.At(deadline_, [weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->OnDeadline();
  });
}

void HttpConnection::State::OnDeadline() {
  timer_at_ = SteadyTime::max();
  if (!busy()) return;
  if (SystemClock().Now() < deadline_) return SetDeadline(deadline_);
  Fail(TimeoutError());
}

Error HttpConnection::State::TimeoutError() const {
  std::string what;
  if (phase_ == Phase::kConnect) {
    const bool resolving = connector_ != nullptr && connector_->resolving();
    what = resolving ? "timeout while resolving " + origin_.host
                     : "timeout while connecting to " + Peer();
  } else if (phase_ == Phase::kHandshake) {
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
  connector_ = std::make_unique<HttpClientConnector>(
      loop_, origin_.host, origin_.port, deadline_,
      [weak = weak_from_this()](Result<std::shared_ptr<HttpClientStream>> stream) {
        if (const auto state = weak.lock()) state->OnConnected(std::move(stream));
      });
}

void HttpConnection::State::OnConnected(Result<std::shared_ptr<HttpClientStream>> stream) {
  connector_.reset();
  if (!stream) return Fail(stream.error());
  stream_ = std::move(*stream);
  stream_->set_owner(weak_from_this());
  if (origin_.scheme != "https") return BeginExchange();
  phase_ = Phase::kHandshake;
  if (auto started = stream_->StartTls(*tls_, origin_.host); !started) {
    return Fail(Error{"TLS with " + Peer() + " " + started.error().message});
  }
  Handshake();
}

void HttpConnection::State::Handshake() {
  switch (stream_->Handshake()) {
    case IoStatus::kDone:
      return BeginExchange();
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

HttpConnection::HttpConnection(EventLoop& loop, Url origin, std::shared_ptr<const TlsContext> tls,
                               HttpLimits limits)
    : state_(std::make_shared<State>(loop, std::move(origin), std::move(tls), limits)) {}

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
