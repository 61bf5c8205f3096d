// The exchange proper: once there is a stream, the request is written, the answer read, and the
// handler told how it ended.
#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "agent/platform/http_client_state.h"

namespace limpet {
namespace {

// A body that arrives as fast as it is read must not keep the other connections waiting.
constexpr int kReadsPerRound = 8;

}  // namespace

// Also called from inside Start, so nothing in here may end the exchange.
void HttpConnection::State::BeginExchange() {
  phase_ = Phase::kExchange;
  parser_ = HttpResponseParser::Create(limits_, *this);
  sent_bytes_ = 0;
  write_error_.reset();
  WriteSome();
  if (write_error_) return stream_->WaitForNextRound();
  WaitForMore(false);
}

void HttpConnection::State::OnReady() {
  if (!busy()) return;
  if (phase_ == Phase::kHandshake || phase_ == Phase::kProxyHandshake) return Handshake();
  if (phase_ == Phase::kTunnel) return TunnelSome();
  if (phase_ != Phase::kExchange) return;
  WriteSome();
  ReadSome();
}

void HttpConnection::State::WriteSome() {
  write_wants_write_ = false;
  while (!sent_all() && !write_error_) {
    const std::string_view head =
        std::string_view(head_).substr(std::min(sent_bytes_, head_.size()));
    const std::string_view body =
        std::string_view(request_.body)
            .substr(sent_bytes_ > head_.size() ? sent_bytes_ - head_.size() : 0);
    const IoResult result = stream_->Write(head, body);
    if (result.status == IoStatus::kDone) {
      sent_bytes_ += result.bytes;
      continue;
    }
    write_wants_write_ = result.status == IoStatus::kWantWrite;
    // The peer may have answered before it closed (401, 413); reading on will tell.
    if (result.status == IoStatus::kError) write_error_ = stream_->error();
    return;
  }
}

void HttpConnection::State::ReadSome() {
  for (int reads = 0; reads < kReadsPerRound; ++reads) {
    const std::span<char> scratch = loop_.scratch();
    const IoResult result = stream_->Read(scratch);
    if (result.status == IoStatus::kWantRead) return WaitForMore(false);
    if (result.status == IoStatus::kWantWrite) return WaitForMore(true);
    if (result.status != IoStatus::kDone) return OnReadEnd(result.status);
    received_bytes_ += result.bytes;
    if (!Feed({scratch.data(), result.bytes})) return;
    if (result.drained) return WaitForMore(false);
  }
  stream_->WaitForNextRound();
}

void HttpConnection::State::WaitForMore(bool read_wants_write) {
  stream_->Wait(true, write_wants_write_ || read_wants_write);
}

// False where the exchange has ended. The handler may cancel it, or drop the connection, meanwhile.
bool HttpConnection::State::Feed(std::string_view bytes) {
  const uint64_t exchange = exchange_;
  auto parser = std::move(parser_);
  feeding_ = parser.get();
  const auto status = parser->Feed(bytes);
  if (exchange_ != exchange) return false;
  feeding_ = nullptr;
  if (status == HttpResponseParser::Status::kNeedMore) {
    parser_ = std::move(parser);
    return true;
  }
  CheckEnd(status, *parser);
  return false;
}

void HttpConnection::State::OnReadEnd(IoStatus status) {
  const bool closed = status == IoStatus::kEnd || stream_->closed_by_peer();
  if (reused_ && received_bytes_ == 0 && closed) {
    // It was closed while it lay idle; nothing was answered, so nothing has been done.
    reused_ = false;
    parser_.reset();
    return Connect();
  }
  if (status == IoStatus::kEnd) {
    const auto parser = std::move(parser_);
    return CheckEnd(parser->FeedEnd(), *parser);
  }
  if (write_error_ && closed) return FailWrite();
  const Error& error = stream_->error();  // more telling than the write's: an alert, say
  Fail(Error{"read from " + Peer() + ": " + error.message, error.code});
}

void HttpConnection::State::CheckEnd(HttpResponseParser::Status status,
                                     const HttpResponseParser& parser) {
  using Status = HttpResponseParser::Status;
  if (verdict_ != Verdict::kAnswer && status != Status::kMalformed) {
    return Proceed(status == Status::kDone && parser.keep_alive() && sent_all());
  }
  if (status == Status::kDone) return Finish(parser.keep_alive() && sent_all());
  if (status == Status::kAborted) return Fail(Error{"aborted", ECANCELED});
  if (status == Status::kMalformed)
    return Fail(Error{"answer from " + Peer() + ": " + parser.why()});
  if (received_bytes_ > 0) {
    return Fail(Error{"connection closed by " + Peer() + " inside an answer, after " +
                      std::to_string(received_bytes_) + " bytes"});
  }
  if (write_error_) return FailWrite();
  Fail(Error{"connection closed by " + Peer() + " before an answer"});
}

void HttpConnection::State::Release() {
  ++exchange_;
  handler_ = nullptr;
  if (feeding_ != nullptr) std::exchange(feeding_, nullptr)->Stop();
  parser_.reset();
  connector_.reset();
  tunnel_.reset();
  request_ = HttpRequest();
  std::string().swap(head_);  // an idle connection keeps no buffer
  if (phase_ == Phase::kDetour) detour_->Cancel();
  verdict_ = Verdict::kAnswer;
  write_error_.reset();
}

void HttpConnection::State::Finish(bool keep_alive) {
  HttpResponseHandler* const handler = handler_;
  Release();
  if (!keep_alive) stream_.reset();
  handler->OnDone({});
}

void HttpConnection::State::Fail(Error error) {
  HttpResponseHandler* const handler = handler_;
  Release();
  stream_.reset();
  handler->OnDone(error);
}

void HttpConnection::State::FailWrite() {
  Fail(Error{"write to " + Peer() + ": " + write_error_->message, write_error_->code});
}

}  // namespace limpet
