// Finds a host's addresses and connects to the first that answers.
//
// Who calls it: HttpConnection, on the loop's thread; one object an attempt, destroying it ends it.
// Operation: a numeric address is connected to at once. A name is looked up off the loop's thread
// (see ResolveHost); the addresses are tried one after the other, each with its share of the time
// left, so that a silent one does not use up all of it.
// Concurrency: `done` comes from the loop, never from inside the constructor, at most once, and may
// destroy the connector.
// Limits: 16 addresses.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONNECTOR_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONNECTOR_H_

#include <functional>
#include <memory>
#include <string>

#include "agent/platform/event_loop.h"
#include "agent/platform/http_client_stream.h"
#include "agent/platform/result.h"

namespace limpet {

class HttpClientConnector {
 public:
  using Done = std::function<void(Result<std::shared_ptr<HttpClientStream>>)>;

  HttpClientConnector(EventLoop& loop, const std::string& host, uint16_t port, SteadyTime deadline,
                      Done done);
  ~HttpClientConnector();
  HttpClientConnector(const HttpClientConnector&) = delete;
  HttpClientConnector& operator=(const HttpClientConnector&) = delete;

  // Still looking for addresses, not connecting yet.
  bool resolving() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_CONNECTOR_H_
