// Collects a whole answer, for those who do not need it as a stream: small JSON documents, error
// pages.
//
// Who calls it: users of HttpConnection, on the loop's thread. The collector must outlive the
// exchange; it may be destroyed, and used again, from inside its callback.
// Limits: a longer body ends the exchange with an error.
//
//   HttpCollector collector(1 << 20, [&](Result<HttpAnswer> answer) { ... });
//   connection.Start(std::move(request), deadline, collector);
#ifndef LIMPET_AGENT_PLATFORM_HTTP_COLLECTOR_H_
#define LIMPET_AGENT_PLATFORM_HTTP_COLLECTOR_H_

#include <cstddef>
#include <functional>
#include <string>

#include "agent/platform/http_client.h"
#include "agent/platform/result.h"

namespace limpet {

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string retry_after;
  std::string body;
};

class HttpCollector final : public HttpResponseHandler {
 public:
  using Done = std::function<void(Result<HttpAnswer>)>;

  HttpCollector(size_t body_bytes_max, Done done);

  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;

 private:
  const size_t body_bytes_max_;
  const Done done_;
  HttpAnswer answer_;
  bool too_long_ = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_COLLECTOR_H_
