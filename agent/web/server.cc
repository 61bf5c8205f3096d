#include "agent/web/server.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "agent/platform/utf8.h"
#include "agent/web/api.h"
#include "agent/web/explain.h"
#include "agent/web/metadata.h"
#include "agent/web/pages.h"
#include "agent/web/relabel_steps.h"

namespace limpet {
namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

HttpServerResponse Plain(int status, std::string text) {
  return {status, std::string(kPlainText), std::move(text)};
}

}  // namespace

struct WebRoutes::Route {
  std::string_view path;
  bool changes;  // POST and PUT instead of GET and HEAD
  HttpServerResponse (*answer)(WebRoutes& self, const HttpServerRequest& request);
};

WebRoutes::WebRoutes(WebSources sources)
    : sources_(std::move(sources)), host_name_(HostName()), metrics_(sources_) {}

HttpServerResponse WebRoutes::Answer(const HttpServerRequest& request) {
  static constexpr Route kRoutes[] = {
      {"/", false, [](WebRoutes& self, const auto&) { return IndexPage(self.sources_); }},
      {"/targets", false,
       [](WebRoutes& self, const auto& r) {
         return TargetsPage(self.sources_, r.Param("scrapePool"));
       }},
      {"/metrics", false, [](WebRoutes& self, const auto&) { return self.metrics_.Page(); }},
      {"/health", false,
       [](WebRoutes& self, const auto&) { return HealthResponse(self.sources_); }},
      {"/-/healthy", false,
       [](WebRoutes&, const auto&) { return Plain(200, "limpet is healthy.\n"); }},
      {"/-/ready", false, [](WebRoutes& self, const auto&) { return self.Ready(); }},
      {"/-/reload", true, [](WebRoutes& self, const auto&) { return self.Reload(); }},
      {"/api/v1/targets", false,
       [](WebRoutes& self, const auto& r) {
         return HttpServerResponse{
             200, "application/json",
             TargetsJson(self.sources_, r.Param("state"), r.Param("scrapePool"), self.host_name_)};
       }},
      {"/api/v1/targets/explain", false,
       [](WebRoutes& self, const auto& r) { return ExplainPod(self.sources_, r.Param("pod")); }},
      {"/api/v1/targets/relabel_steps", false,
       [](WebRoutes& self, const auto& r) {
         return RelabelSteps(self.sources_, r.Param("scrapePool"), r.Param("labels"));
       }},
      {"/api/v1/targets/metadata", false,
       [](WebRoutes& self, const auto& r) { return TargetsMetadata(self.sources_, r); }},
      {"/api/v1/metadata", false,
       [](WebRoutes& self, const auto& r) { return MetricsMetadata(self.sources_, r); }},
      {"/api/v1/monitors", false,
       [](WebRoutes& self, const auto&) {
         return HttpServerResponse{200, "application/json", MonitorsJson(self.sources_)};
       }},
  };
  for (const Route& route : kRoutes) {
    if (route.path != request.path) continue;
    const std::array<std::string_view, 2> methods =
        route.changes ? std::array<std::string_view, 2>{"POST", "PUT"}
                      : std::array<std::string_view, 2>{"GET", "HEAD"};
    HttpServerResponse response;
    if (request.method == methods[0] || request.method == methods[1]) {
      response = route.answer(*this, request);
    } else {
      const std::string allowed = std::string(methods[0]) + ", " + std::string(methods[1]);
      response = Plain(405, "this path takes " + allowed + "\n");
      response.headers.emplace_back("Allow", allowed);
    }
    metrics_.CountRequest(route.path, response.status);
    return response;
  }
  metrics_.CountRequest("other", 404);
  return Plain(404, "there is no such page; / has the list\n");
}

HttpServerResponse WebRoutes::Ready() {
  const std::string missing = readiness_.Missing(sources_);
  if (missing.empty()) return Plain(200, "limpet is ready.\n");
  return Plain(503, "limpet is not ready:\n" + missing);
}

HttpServerResponse WebRoutes::Reload() {
  const Result<void> reloaded = sources_.reload();
  if (reloaded) return Plain(200, "configuration reloaded\n");
  return Plain(500, "configuration refused, the running one stays:\n" +
                        ToValidUtf8(reloaded.error().message) + "\n");
}

Result<std::unique_ptr<WebServer>> WebServer::Start(EventLoop& loop, const std::string& address,
                                                    WebSources sources) {
  std::unique_ptr<WebServer> web(new WebServer(std::move(sources)));
  auto server = HttpServer::Listen(loop, address, [routes = &web->routes_](const auto& request) {
    return routes->Answer(request);
  });
  if (!server) return server.error();
  web->server_ = std::move(*server);
  return web;
}

}  // namespace limpet
