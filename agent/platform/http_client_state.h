// The state behind an HttpConnection: its stream, its deadline and the exchange under way.
//
// Who calls it: http_client.cc, which starts and connects, http_client_exchange.cc, which writes
// the request and reads the answer, http_client_tunnel.cc, which talks to a proxy on the way, and
// http_client_redirect.cc, which decides whether an answer is the last one.
// Lifetime: the HttpConnection owns it; every callback holds a weak pointer, and a strong one while
// it runs, so that the handler may drop the connection. Whatever runs after a call to the handler
// must first look whether the exchange is still the same.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STATE_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STATE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/platform/http_client.h"
#include "agent/platform/http_client_connector.h"
#include "agent/platform/http_client_context.h"
#include "agent/platform/http_client_response.h"
#include "agent/platform/http_client_stream.h"

namespace limpet {

class HttpConnection::State final : public HttpClientStream::Owner,
                                    private HttpResponseHandler,
                                    public std::enable_shared_from_this<State> {
 public:
  // Without a context, `tls` is what https needs.
  State(EventLoop& loop, std::shared_ptr<HttpClientContext> context, Url origin,
        std::shared_ptr<const TlsContext> tls, HttpLimits limits)
      : loop_(loop),
        context_(std::move(context)),
        origin_(std::move(origin)),
        limits_(limits),
        host_header_(origin_.HostHeader()),
        tls_(std::move(tls)),
        timer_(loop) {}

  void Start(HttpRequest request, SteadyTime deadline, HttpResponseHandler& handler);
  void SetDeadline(SteadyTime deadline);
  void Cancel();
  bool busy() const { return handler_ != nullptr; }

 private:
  enum class Phase { kToken, kConnect, kProxyHandshake, kTunnel, kHandshake, kExchange, kDetour };
  // What an answer's head comes to.
  enum class Verdict { kAnswer, kRedirect, kNewToken, kProxyRefused };
  // A request to a proxy; its answer's head is all that is read of it.
  struct Tunnel final : HttpResponseHandler {
    bool OnHead(const HttpResponseHead& head) override {
      status = head.status();
      return false;
    }
    bool OnBody(std::string_view) override { return false; }
    void OnDone(const Result<void>&) override {}

    std::string request;
    size_t sent_bytes = 0;
    int status = 0;
    std::unique_ptr<HttpResponseParser> parser;
  };

  // Of the answers read here, and of those that come by way of detour_.
  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;
  Verdict Judge(const HttpResponseHead& head);
  void Proceed(bool keep_alive);
  void Redirect();
  void Detour(const Url& url);

  void OnReady() override;
  void OnDeadline();
  void SetTimer(SteadyTime when);
  void Send();
  Result<bool> WriteHead();
  Result<void> RefreshTls();
  void Connect();
  void OnConnected(Result<std::shared_ptr<HttpClientStream>> stream);
  void AfterProxyHandshake();
  void BeginTls(const std::string& name);
  void Handshake();
  void BeginTunnel();
  void TunnelSome();
  void OnTunnelAnswer();
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
  size_t request_bytes() const { return head_.size() + request_.body.size(); }
  bool connecting() const { return phase_ >= Phase::kConnect && phase_ <= Phase::kHandshake; }
  bool speaks_tls() const { return origin_.scheme == "https"; }
  bool has_tls_proxy() const { return proxy_ != nullptr && proxy_->url.scheme == "https"; }
  bool sent_all() const { return sent_bytes_ == request_bytes(); }
  // Whom an error is about: the proxy until it has let us through.
  std::string Peer() const;

  EventLoop& loop_;
  const std::shared_ptr<HttpClientContext> context_;  // none: nothing is added or followed
  const Url origin_;
  const HttpLimits limits_;
  const std::string host_header_;
  std::shared_ptr<const TlsContext> tls_;  // of stream_

  std::shared_ptr<HttpClientStream> stream_;
  std::unique_ptr<HttpClientConnector> connector_;

  // Set late rather than often: a timer that fires before the deadline of the day is set again.
  Timer timer_;
  SteadyTime timer_at_ = SteadyTime::max();

  // The exchange under way.
  HttpResponseHandler* handler_ = nullptr;
  uint64_t exchange_ = 0;  // a count that tells whether a callback has ended it
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime connect_deadline_ = SteadyTime::max();  // at most deadline_, while connecting
  Phase phase_ = Phase::kConnect;
  std::string head_;
  HttpRequest request_;
  const HttpProxy* proxy_ = nullptr;  // the context's
  std::unique_ptr<Tunnel> tunnel_;
  size_t sent_bytes_ = 0;
  uint64_t received_bytes_ = 0;
  bool reused_ = false;  // on a connection that has carried an exchange before
  bool write_wants_write_ = false;
  std::optional<Error> write_error_;
  std::unique_ptr<HttpResponseParser> parser_;
  HttpResponseParser* feeding_ = nullptr;

  // Of answers that are not the last one.
  Verdict verdict_ = Verdict::kAnswer;
  uint64_t token_version_ = 0;  // sent
  bool renewed_ = false;        // a refused token, in this exchange
  int redirects_ = 0;           // followed in this exchange
  size_t skipped_bytes_ = 0;    // of the body of such an answer
  std::string location_;
  std::unique_ptr<HttpConnection> detour_;  // to another origin, kept for the next time
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STATE_H_
