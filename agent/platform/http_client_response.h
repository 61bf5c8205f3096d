// Takes one answer apart as its bytes come in, and hands head and body to an HttpResponseHandler.
//
// Who calls it: HttpConnection, one parser an exchange; a parser holds memory only for what cannot
// be understood yet (part of a head, part of a chunk's header).
// Operation: RFC 9112 by way of Beast's parser; interim answers (1xx) are skipped. Stop may be
// called from inside the handler; the parser itself must stay until Feed has returned.
// Limits: HttpLimits; a chunk's header and the trailer fall under header_bytes_max, and at most 16
// interim answers are skipped.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_RESPONSE_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_RESPONSE_H_

#include <memory>
#include <string>
#include <string_view>

#include "agent/platform/http_client.h"

namespace limpet {

class HttpResponseParser {
 public:
  enum class Status {
    kNeedMore,
    kDone,
    kAborted,    // the handler does not want more
    kTruncated,  // the connection ended inside the answer, or before it
    kMalformed,  // why() says what is wrong
  };

  static std::unique_ptr<HttpResponseParser> Create(const HttpLimits& limits,
                                                    HttpResponseHandler& handler);
  virtual ~HttpResponseParser() = default;
  // Not to be called again after anything but kNeedMore.
  virtual Status Feed(std::string_view bytes) = 0;
  // The connection has ended; what has no length of its own is complete with that.
  virtual Status FeedEnd() = 0;
  // No more calls to the handler.
  virtual void Stop() = 0;
  virtual const std::string& why() const = 0;
  // After kDone: the connection may carry another exchange.
  virtual bool keep_alive() const = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_RESPONSE_H_
