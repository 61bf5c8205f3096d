#include "agent/web/server.h"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <thread>

#include "tests/platform/raw_client.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

HttpServerRequest Request(std::string method, std::string path, std::string query = "") {
  return {std::move(method), std::move(path), std::move(query), ""};
}

TEST_CASE("every route answers, and says which methods it takes") {
  FakeSources fake;
  WebRoutes routes(fake.Sources());
  for (const char* path :
       {"/", "/targets", "/metrics", "/health", "/-/healthy", "/-/ready", "/api/v1/targets",
        "/api/v1/monitors", "/api/v1/targets/metadata", "/api/v1/metadata"}) {
    CAPTURE(path);
    for (const char* method : {"GET", "HEAD"}) {
      const auto answer = routes.Answer(Request(method, path));
      CHECK(answer.status == 200);
      CHECK_FALSE(answer.body.empty());
    }
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
      const auto answer = routes.Answer(Request(method, path));
      CHECK(answer.status == 405);
      REQUIRE(answer.headers.size() == 1);
      CHECK(answer.headers[0] == std::pair<std::string, std::string>("Allow", "GET, HEAD"));
    }
  }
  for (const char* path : {"/api/v1/targets/explain", "/api/v1/targets/relabel_steps"}) {
    CHECK(routes.Answer(Request("GET", path)).status == 400);
    CHECK(routes.Answer(Request("POST", path)).status == 405);
  }
  for (const char* path : {"/nowhere", "/metrics/", "//", "/-/quit", "/../etc/passwd", ""}) {
    CHECK(routes.Answer(Request("GET", path)).status == 404);
  }
}

TEST_CASE("a reload is done on POST and PUT alone") {
  FakeSources fake;
  WebRoutes routes(fake.Sources());
  CHECK(routes.Answer(Request("GET", "/-/reload")).status == 405);
  CHECK(routes.Answer(Request("GET", "/-/reload")).headers[0].second == "POST, PUT");
  CHECK(fake.reloads == 0);
  CHECK(routes.Answer(Request("POST", "/-/reload")).status == 200);
  CHECK(routes.Answer(Request("PUT", "/-/reload")).status == 200);
  CHECK(fake.reloads == 2);
  fake.reload_result = Error{"limpet.yml:3:5: unknown key \"jobs\""};
  const auto refused = routes.Answer(Request("POST", "/-/reload"));
  CHECK(refused.status == 500);
  CHECK(refused.body.find("limpet.yml:3:5: unknown key \"jobs\"") != std::string::npos);
}

TEST_CASE("healthy at all times, ready when nothing is missing") {
  FakeSources fake;
  fake.all_listed = false;
  fake.log.reset();
  WebRoutes routes(fake.Sources());
  CHECK(routes.Answer(Request("GET", "/-/healthy")).body == "limpet is healthy.\n");
  const auto waiting = routes.Answer(Request("GET", "/-/ready"));
  CHECK(waiting.status == 503);
  CHECK(waiting.body.find("the log is not open") != std::string::npos);
  fake.log.emplace();
  CHECK(routes.Answer(Request("GET", "/-/ready")).status == 503);
  fake.all_listed = true;
  CHECK(routes.Answer(Request("GET", "/-/ready")).status == 200);
}

TEST_CASE("parameters of the query reach the API") {
  FakeSources fake;
  fake.targets.resize(2);
  fake.targets[1].job = "a b";
  WebRoutes routes(fake.Sources());
  const auto answer =
      routes.Answer(Request("GET", "/api/v1/targets", "state=active&scrapePool=a%20b"));
  CHECK(answer.content_type == "application/json");
  rapidjson::Document document;
  document.Parse(answer.body.data(), answer.body.size());
  REQUIRE_FALSE(document.HasParseError());
  CHECK(document["data"]["activeTargets"].Size() == 1);
}

TEST_CASE("requests are counted by page and status, unknown paths as one") {
  FakeSources fake;
  WebRoutes routes(fake.Sources());
  routes.Answer(Request("GET", "/-/healthy"));
  routes.Answer(Request("GET", "/a"));
  routes.Answer(Request("GET", "/b"));
  routes.Answer(Request("POST", "/health"));
  const std::string page = routes.Answer(Request("GET", "/metrics")).body;
  for (const char* line : {"limpet_http_requests_total{code=\"200\",handler=\"/-/healthy\"} 1\n",
                           "limpet_http_requests_total{code=\"404\",handler=\"other\"} 2\n",
                           "limpet_http_requests_total{code=\"405\",handler=\"/health\"} 1\n"}) {
    CAPTURE(line);
    CHECK(page.find(line) != std::string::npos);
  }
}

struct Running {
  Running() {
    auto started = WebServer::Start(loop, "127.0.0.1:0", fake.Sources());
    REQUIRE(started.has_value());
    server = std::move(*started);
    thread = std::thread([this] { loop.Run(); });
  }
  ~Running() {
    loop.Stop();
    thread.join();
  }
  std::string Exchange(const std::string& request) {
    RawClient client(server->port());
    client.Send(request);
    return client.Receive();
  }
  std::string Get(const std::string& path) {
    return Exchange("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  }

  FakeSources fake;
  EventLoop loop;
  std::unique_ptr<WebServer> server;
  std::thread thread;
};

TEST_CASE_FIXTURE(Running, "the pages over the network") {
  CHECK(Get("/-/healthy").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(Get("/-/ready").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(Get("/nowhere").starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(Get("/metrics?x=y").find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") !=
        std::string::npos);
  const std::string page = Get("/targets");
  CHECK(page.find("Content-Security-Policy: default-src 'none'") != std::string::npos);
  const std::string refused = Get("/-/reload");
  CHECK(refused.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK(refused.find("Allow: POST, PUT\r\n") != std::string::npos);
  const std::string reloaded = Exchange(
      "POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  CHECK(reloaded.starts_with("HTTP/1.1 200 OK\r\n"));
  const std::string head =
      Exchange("HEAD /-/healthy HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(head.find("Content-Length: 19\r\n") != std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE_FIXTURE(Running, "what is no request, or too large, does not harm the next") {
  CHECK(Exchange("\x01\x02\x03\r\n\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(Exchange("GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n")
            .starts_with("HTTP/1.1 431 "));
  CHECK(Exchange("PUT /-/reload HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nx")
            .starts_with("HTTP/1.1 413 "));
  RawClient half(server->port());
  half.Send("GET /metrics HTT");
  const std::string pipelined = Exchange(
      "GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /-/healthy HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(pipelined.find("limpet is healthy.\nHTTP/1.1 404 ") != std::string::npos);
  CHECK(pipelined.ends_with("limpet is healthy.\n"));
}

TEST_CASE("an address that cannot be had is an error") {
  FakeSources fake;
  EventLoop loop;
  const auto refused = WebServer::Start(loop, "127.0.0.1:99999", fake.Sources());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("127.0.0.1:99999") != std::string::npos);
}

}  // namespace
}  // namespace limpet
