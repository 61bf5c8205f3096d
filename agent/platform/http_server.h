// The HTTP/1.1 server behind limpet's own pages.
//
// Who calls it: web/, on the loop's thread; handlers run there too and must not block.
// Operation: connections are kept alive and may be pipelined. HEAD reaches the handler as it is;
// its answer's body is left out here. What is not HTTP is answered 400 and closed, a head or body
// above its limit 431 or 413 and closed. Limits: see HttpServerLimits. Where all connections are
// taken, the oldest idle one makes room; where none is idle, the new one is closed.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_SERVER_H_
#define LIMPET_AGENT_PLATFORM_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/platform/event_loop.h"
#include "agent/platform/result.h"

namespace limpet {

struct HttpServerRequest {
  std::string method;
  std::string path;   // percent-decoded, without the query
  std::string query;  // as sent
  std::string accept_encoding;
  // A parameter of the query, decoded; empty where there is none. Of several the first counts; one
  // that is not properly encoded does not count, as in Go.
  std::string Param(std::string_view name) const;
};

struct HttpServerResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  // Further ones, from constants only: they are sent as they are.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpServerLimits {
  size_t connections_max = 128;
  uint32_t head_bytes_max = 16'384;
  uint64_t body_bytes_max = 65'536;
  Millis read_timeout{10'000};  // from the first byte of a request to its last
  Millis idle_timeout{60'000};
  Millis write_timeout{30'000};
};

class HttpServer {
 public:
  using Handler = std::function<HttpServerResponse(const HttpServerRequest&)>;

  // Binds and listens at once ("0.0.0.0:8429", "[::]:8429", ":8429", port 0 for any). Without a
  // host, on all addresses of IPv4 and, where there is IPv6, of that.
  static Result<std::unique_ptr<HttpServer>> Listen(EventLoop& loop, const std::string& address,
                                                    Handler handler, HttpServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  uint16_t port() const;

 private:
  class State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_SERVER_H_
