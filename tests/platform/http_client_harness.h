// What the tests of the HTTP client share: a handler that writes down what it is told, and a loop
// that runs until it is done.
#ifndef LIMPET_TESTS_PLATFORM_HTTP_CLIENT_HARNESS_H_
#define LIMPET_TESTS_PLATFORM_HTTP_CLIENT_HARNESS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "agent/platform/http_client.h"

namespace limpet {

class RecordingHandler : public HttpResponseHandler {
 public:
  bool OnHead(const HttpResponseHead& head) override {
    ++heads;
    status = head.status();
    content_type = head.Field("content-TYPE");
    length = head.content_length();
    return on_head ? on_head(head) : true;
  }
  bool OnBody(std::string_view bytes) override {
    ++pieces;
    body += bytes;
    return on_body ? on_body() : true;
  }
  void OnDone(const Result<void>& result) override {
    ++dones;
    error = result ? "" : result.error().message;
    code = result ? 0 : result.error().code;
    if (on_done) on_done();
  }

  std::function<bool(const HttpResponseHead&)> on_head;
  std::function<bool()> on_body;
  std::function<void()> on_done;
  int heads = 0, pieces = 0, dones = 0;
  int status = 0;
  int code = 0;
  std::string content_type, body, error;
  std::optional<uint64_t> length;
};

inline SteadyTime In(Millis delay) { return SystemClock().Now() + delay; }

// Runs the loop until the condition holds; false after ten seconds.
inline bool RunUntil(EventLoop& loop, const std::function<bool()>& condition) {
  const SteadyTime limit = In(Millis(10000));
  while (!condition()) {
    if (SystemClock().Now() > limit) return false;
    loop.RunFor(Millis(100));
  }
  return true;
}

inline Url LoopbackUrl(uint16_t port, const std::string& scheme = "http",
                       const std::string& host = "127.0.0.1") {
  Url url;
  url.scheme = scheme;
  url.host = host;
  url.port = port;
  return url;
}

inline HttpRequest Get(std::string target = "/") {
  HttpRequest request;
  request.target = std::move(target);
  return request;
}

// One exchange from start to end.
inline RecordingHandler Exchange(EventLoop& loop, HttpConnection& connection,
                                 HttpRequest request = {}, Millis limit = Millis(9000)) {
  RecordingHandler handler;
  connection.Start(std::move(request), In(limit), handler);
  if (!RunUntil(loop, [&] { return handler.dones > 0; })) {
    connection.Cancel();
    handler.error = "the exchange did not end";
  }
  return handler;
}

}  // namespace limpet

#endif  // LIMPET_TESTS_PLATFORM_HTTP_CLIENT_HARNESS_H_
