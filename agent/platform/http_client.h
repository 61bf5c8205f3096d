// One keep-alive HTTP/1.1 connection to one origin, plain or TLS, one exchange at a time.
//
// Who calls it: scraping (one a target), discovery (LIST and WATCH), the remote-write senders; on
// the loop's thread only.
// Concurrency: callbacks come from the loop, never from inside Start. The connection may be
// destroyed, and the next exchange started, from inside OnDone, but not from OnHead or OnBody,
// which may cancel. What they see lies in the loop's scratch buffer; they must not write to it.
// Operation: a name is resolved off the loop's thread; an address needs no look-up. A kept
// connection that turns out closed before the first byte of an answer is opened anew, once, within
// the same deadline. An idle connection holds a socket and no buffer. After an error or an abort
// the connection is closed and the next Start opens it again.
// With an HttpClientContext it adds the client's own fields to each request, fetches a token first
// where one is needed (and anew, once, after a 401 with an old one), goes through the proxy, takes
// up changed certificates (a kept connection with the former ones is closed when the next exchange
// starts) and follows the redirects of a GET: then the handler sees the last answer alone. What
// says who one is goes to the connection's own origin and nowhere else.
// Limits: 10 redirects; see HttpLimits; exceeding one ends the exchange with an error that names
// it.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/event_loop.h"
#include "agent/platform/http_client_config.h"
#include "agent/platform/result.h"
#include "agent/platform/tls.h"
#include "agent/platform/url.h"

namespace limpet {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";         // path and query
  std::vector<HttpHeader> headers;  // without Host, Content-Length and Connection
  std::string body;
};

// The head of an answer; the views are good during OnHead only.
class HttpResponseHead {
 public:
  virtual ~HttpResponseHead() = default;
  virtual int status() const = 0;
  // The first field of that name, any case; empty where there is none.
  virtual std::string_view Field(std::string_view name) const = 0;
  virtual std::optional<uint64_t> content_length() const = 0;
};

class HttpResponseHandler {
 public:
  virtual ~HttpResponseHandler() = default;
  // False ends the exchange with the error "aborted".
  virtual bool OnHead(const HttpResponseHead& head) = 0;
  // The body without transfer coding, in pieces that are good during the call only.
  virtual bool OnBody(std::string_view bytes) = 0;
  // The last call of an exchange, exactly one unless it was cancelled. On an error Error::code is
  // the errno where there is one (ETIMEDOUT for the deadline).
  virtual void OnDone(const Result<void>& result) = 0;
};

struct HttpLimits {
  size_t header_bytes_max = 64 * 1024;
  uint64_t body_bytes_max = UINT64_MAX;  // as sent, before any content decoding
  // For resolving, connecting, a proxy's tunnel and the TLS handshake together, within the
  // exchange's deadline; 0: that deadline alone.
  Millis connect_timeout{0};
};

class HttpClientContext;

class HttpConnection {
 public:
  // Only scheme, host and port of `origin` count.
  HttpConnection(std::shared_ptr<HttpClientContext> context, Url origin, HttpLimits limits = {});
  // Without anything of a context: the request is sent as it is, its answer is the answer. `tls` is
  // needed for https and ignored otherwise. Only scheme, host and port of `origin` count.
  HttpConnection(EventLoop& loop, Url origin, std::shared_ptr<const TlsContext> tls,
                 HttpLimits limits = {});
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // The handler must outlive the exchange or the connection. One exchange at a time.
  // SteadyTime::max() is no deadline. The deadline spans resolving, connecting, the request and the
  // whole answer.
  void Start(HttpRequest request, SteadyTime deadline, HttpResponseHandler& handler);
  // Moves the deadline of the exchange under way (a watch that is still talking).
  void ExtendDeadline(SteadyTime deadline);
  // Ends the exchange without a call to its handler.
  void Cancel();
  bool busy() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_H_
