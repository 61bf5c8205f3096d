// limpet's own face: metrics, health, readiness, reload, the API and the pages, over HTTP.
//
// Who calls it: main; the loop's thread.
//
// clang-format off
// | path                  | methods   | answer                                                    |
// |-----------------------|-----------|-----------------------------------------------------------|
// | /                     | GET       | an overview with links                                    |
// | /targets              | GET       | a table by job; ?scrapePool=JOB                           |
// | /metrics              | GET       | Prometheus text format                                    |
// | /health               | GET       | JSON, see health.h                                        |
// | /-/healthy            | GET       | 200 as long as the loop runs                              |
// | /-/ready              | GET       | 200, or 503 and what is missing                           |
// | /-/reload             | POST, PUT | 200, or 500 and why the configuration was refused         |
// | /api/v1/targets       | GET       | Prometheus' JSON; ?state=active, dropped, any; ?scrapePool|
// | .../explain           | GET       | JSON, see explain.h; ?pod=NAMESPACE/NAME                  |
// | .../relabel_steps     | GET       | Prometheus' JSON; ?scrapePool=JOB&labels={...}            |
// | /api/v1/monitors      | GET       | JSON, see api.h                                           |
// clang-format on
//
// HEAD works where GET does; other methods are answered 405, other paths 404. Limits are those of
// HttpServer. There is no authentication: what is shown holds no secret, and who may reach the port
// is for the network policy to say.
#ifndef LIMPET_AGENT_WEB_SERVER_H_
#define LIMPET_AGENT_WEB_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "agent/platform/event_loop.h"
#include "agent/platform/http_server.h"
#include "agent/platform/result.h"
#include "agent/web/health.h"
#include "agent/web/metrics.h"
#include "agent/web/sources.h"

namespace limpet {

// The answers, without the network.
class WebRoutes {
 public:
  explicit WebRoutes(WebSources sources);
  WebRoutes(const WebRoutes&) = delete;
  WebRoutes& operator=(const WebRoutes&) = delete;

  HttpServerResponse Answer(const HttpServerRequest& request);

 private:
  struct Route;
  HttpServerResponse Ready();
  HttpServerResponse Reload();

  const WebSources sources_;
  const std::string host_name_;
  Metrics metrics_;
  Readiness readiness_;
};

class WebServer {
 public:
  // Listens at once; the address as in HttpServer::Listen.
  static Result<std::unique_ptr<WebServer>> Start(EventLoop& loop, const std::string& address,
                                                  WebSources sources);
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;
  uint16_t port() const { return server_->port(); }

 private:
  explicit WebServer(WebSources sources) : routes_(std::move(sources)) {}

  WebRoutes routes_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_SERVER_H_
