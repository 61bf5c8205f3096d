// The state behind an HttpConnection: its stream, its deadline and the exchange under way.
//
// Who calls it: http_client.cc, which starts and connects, and http_client_exchange.cc, which
// writes the request and reads the answer. Lifetime: the HttpConnection owns it; every callback
// holds a weak pointer, and a strong one while it runs, so that the handler may drop the
// connection. Whatever runs after a call to the handler must first look whether the exchange is
// still the same.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STATE_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STATE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/platform/http_client.h"
#include "agent/platform/http_client_connector.h"
#include "agent/platform/http_client_response.h"
#include "agent/platform/http_client_stream.h"

namespace limpet {

class HttpConnection::State final : public HttpClientStream::Owner,
                                    public std::enable_shared_from_this<State> {
 public:
  State(EventLoop& loop, Url origin, std::shared_ptr<const TlsContext> tls, HttpLimits limits)
      : loop_(loop),
        origin_(std::move(origin)),
        tls_(std::move(tls)),
        limits_(limits),
        host_header_(origin_.HostHeader()),
        timer_(loop) {}

  void Start(HttpRequest request, SteadyTime deadline, HttpResponseHandler& handler);
  void SetDeadline(SteadyTime deadline);
  void Cancel();
  bool busy() const { return handler_ != nullptr; }

 private:
  enum class Phase { kConnect, kHandshake, kExchange };

  void OnReady() override;
  void OnDeadline();
  void Connect();
  void OnConnected(Result<std::shared_ptr<HttpClientStream>> stream);
  void Handshake();
  void BeginExchange();
  void WriteSome();
  void ReadSome();
  void WaitForMore(bool read_wants_write);
  bool Feed(std::string_view bytes);
  void OnReadEnd(IoStatus status);
  void CheckEnd(HttpResponseParser::Status status, const HttpResponseParser& parser);
  void Release();
  void Finish(bool keep_alive);
  void Fail(Error error);
  void FailWrite();
  void FailLater(Error error);
  Error TimeoutError() const;
  size_t request_bytes() const { return head_.size() + body_.size(); }
  bool sent_all() const { return sent_bytes_ == request_bytes(); }
  std::string Peer() const {
    const bool v6 = origin_.host.find(':') != origin_.host.npos;
    return (v6 ? "[" + origin_.host + "]" : origin_.host) + ":" + std::to_string(origin_.port);
  }

  EventLoop& loop_;
  const Url origin_;
  const std::shared_ptr<const TlsContext> tls_;
  const HttpLimits limits_;
  const std::string host_header_;

  std::shared_ptr<HttpClientStream> stream_;
  std::unique_ptr<HttpClientConnector> connector_;

  // Set late rather than often: a timer that fires before the deadline of the day is set again.
  Timer timer_;
  SteadyTime timer_at_ = SteadyTime::max();

  // The exchange under way.
  HttpResponseHandler* handler_ = nullptr;
  uint64_t exchange_ = 0;  // a count that tells whether a callback has ended it
  SteadyTime deadline_ = SteadyTime::max();
  Phase phase_ = Phase::kConnect;
  std::string head_;  // keeps its memory from one exchange to the next
  std::string body_;
  size_t sent_bytes_ = 0;
  uint64_t received_bytes_ = 0;
  bool reused_ = false;  // on a connection that has carried an exchange before
  bool write_wants_write_ = false;
  std::optional<Error> write_error_;
  std::unique_ptr<HttpResponseParser> parser_;
  HttpResponseParser* feeding_ = nullptr;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STATE_H_
