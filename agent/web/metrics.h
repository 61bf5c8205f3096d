// limpet's own metrics page, in the Prometheus text format 0.0.4.
//
// Who calls it: the routes; the loop's thread. `sources` must outlive it.
#ifndef LIMPET_AGENT_WEB_METRICS_H_
#define LIMPET_AGENT_WEB_METRICS_H_

#include <memory>
#include <string>
#include <string_view>

#include "agent/platform/http_server.h"
#include "agent/web/sources.h"

namespace limpet {

class Metrics {
 public:
  explicit Metrics(const WebSources& sources);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `page` is one of a fixed set of names, not what a client sent.
  void CountRequest(std::string_view page, int status);
  HttpServerResponse Page() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_METRICS_H_
