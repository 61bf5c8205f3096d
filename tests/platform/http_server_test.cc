#include "agent/platform/http_server.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "agent/platform/http_target.h"
#include "agent/platform/listen_address.h"
#include "tests/platform/raw_client.h"

namespace limpet {
namespace {

HttpServerResponse Echo(const HttpServerRequest& request) {
  if (request.path == "/throw") throw std::runtime_error("no");
  if (request.path == "/large") return {200, "text/plain", std::string(3 << 20, 'x')};
  if (request.path == "/huge") return {200, "text/plain", std::string(64 << 20, 'x')};
  return {request.path == "/none" ? 404 : 200, "text/plain",
          request.method + " " + request.path + " " + request.Param("q") + "\n"};
}

struct ServerFixture {
  explicit ServerFixture(HttpServerLimits limits = {}) {
    auto listening = HttpServer::Listen(loop, "127.0.0.1:0", Echo, limits);
    REQUIRE(listening.has_value());
    server = std::move(*listening);
    REQUIRE(server->port() != 0);
    thread = std::thread([this] { loop.Run(); });
  }
  ~ServerFixture() {
    loop.Stop();
    thread.join();
  }
  std::string Exchange(std::string_view request) {
    RawClient client(server->port());
    client.Send(request);
    return client.Receive();
  }

  EventLoop loop;
  std::unique_ptr<HttpServer> server;
  std::thread thread;
};

TEST_CASE_FIXTURE(ServerFixture, "a request is answered with length, type and body") {
  const std::string answer =
      Exchange("GET /a%20b?q=x%26y+z HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Content-Type: text/plain\r\n") != std::string::npos);
  CHECK(answer.find("Content-Length: 15\r\n") != std::string::npos);
  CHECK(answer.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\nGET /a b x&y z\n"));
}

TEST_CASE_FIXTURE(ServerFixture, "HEAD has the length of the body and no body") {
  const std::string answer = Exchange("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Content-Length: 9\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE_FIXTURE(ServerFixture,
                  "a connection is kept, and pipelined requests are answered in order") {
  RawClient client(server->port());
  client.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.Receive("GET /1 \n").starts_with("HTTP/1.1 200"));
  std::string requests;
  for (int i = 2; i <= 50; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  requests += "POST /last HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
  client.Send(requests);
  const std::string answers = client.Receive();
  size_t at = 0;
  for (int i = 2; i <= 50; ++i) {
    at = answers.find("GET /" + std::to_string(i) + " \n", at);
    REQUIRE(at != std::string::npos);
  }
  CHECK(answers.ends_with("POST /last \n"));
}

TEST_CASE_FIXTURE(ServerFixture, "an HTTP/1.0 client gets its answer and the end") {
  CHECK(Exchange("GET /a HTTP/1.0\r\n\r\n").ends_with("GET /a \n"));
}

TEST_CASE_FIXTURE(ServerFixture, "a large answer arrives whole") {
  const std::string answer =
      Exchange("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const size_t body = answer.find("\r\n\r\n") + 4;
  CHECK(answer.size() - body == 3 << 20);
}

TEST_CASE_FIXTURE(ServerFixture, "what is not HTTP is answered 400 and closed") {
  for (const char* request :
       {"nonsense\r\n\r\n", "\x16\x03\x01\x02\x05\x01\r\n\r\n", "GET  /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nBad Header\r\n\r\n", "GET /a HTTP/7.1\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: many\r\n\r\n"}) {
    CAPTURE(request);
    CHECK(Exchange(request).starts_with("HTTP/1.1 400 Bad Request\r\n"));
  }
}

TEST_CASE_FIXTURE(ServerFixture, "a head or body above its limit is refused") {
  const std::string filler(20'000, 'x');
  CHECK(Exchange("GET /" + filler + " HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 431 "));
  CHECK(Exchange("GET / HTTP/1.1\r\nX: " + filler + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
  CHECK(Exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n" +
                 std::string(70'000, 'b'))
            .starts_with("HTTP/1.1 413 "));
  CHECK(
      Exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\nConnection: close\r\n\r\n" +
               std::string(60'000, 'b'))
          .starts_with("HTTP/1.1 200 "));
  std::string chunks = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 70; ++i) chunks += "400\r\n" + std::string(0x400, 'c') + "\r\n";
  CHECK(Exchange(chunks + "0\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_CASE_FIXTURE(ServerFixture, "a handler that throws is an answer 500") {
  const std::string answer =
      Exchange("GET /throw HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 500 "));
  CHECK(answer.find("no\n") == std::string::npos);
}

TEST_CASE_FIXTURE(ServerFixture, "a client that goes away in the middle harms nobody") {
  for (const char* part :
       {"GET", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"}) {
    RawClient client(server->port());
    client.Send(part);
  }
  { RawClient(server->port()).Send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"); }
  CHECK(Exchange("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200 "));
}

TEST_CASE("a slow request and an idle connection are closed") {
  HttpServerLimits limits;
  limits.read_timeout = Millis(50);
  limits.idle_timeout = Millis(500);
  ServerFixture fixture(limits);
  RawClient slow(fixture.server->port());
  slow.Send("GET / HT");
  CHECK(slow.Receive() == "");
  RawClient idle(fixture.server->port());
  CHECK(idle.Receive() == "");
  RawClient kept(fixture.server->port());
  kept.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(kept.Receive().ends_with("GET / \n"));
}

TEST_CASE("a client that does not take its answer loses its place") {
  HttpServerLimits limits;
  limits.connections_max = 1;
  limits.write_timeout = Millis(50);
  ServerFixture fixture(limits);
  RawClient stalled(fixture.server->port());
  stalled.Send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string answer;
  while (!answer.ends_with("GET /2 \n") && std::chrono::steady_clock::now() < end) {
    answer = fixture.Exchange("GET /2 HTTP/1.0\r\n\r\n");
  }
  CHECK(answer.ends_with("GET /2 \n"));
}

TEST_CASE("a full house lets the oldest idle connection go, and no busy one") {
  HttpServerLimits limits;
  limits.connections_max = 3;
  ServerFixture fixture(limits);
  const uint16_t port = fixture.server->port();
  RawClient busy(port);
  busy.Send("GET /busy HTTP/1.1\r\nHost: h\r\n\r\n");
  busy.Receive("GET /busy \n");
  busy.Send("GET /again HTTP/1.1\r\n");
  RawClient first(port);
  first.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  first.Receive("GET /1 \n");
  RawClient second(port);
  second.Send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  second.Receive("GET /2 \n");
  CHECK(fixture.Exchange("GET /3 HTTP/1.0\r\n\r\n").ends_with("GET /3 \n"));
  CHECK(first.Receive() == "");
  second.Send("GET /4 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(second.Receive("GET /4 \n").ends_with("GET /4 \n"));
  busy.Send("Host: h\r\n\r\n");
  CHECK(busy.Receive("GET /again \n").ends_with("GET /again \n"));
}

TEST_CASE("a server that is destroyed closes its connections") {
  EventLoop loop;
  auto server = HttpServer::Listen(loop, "127.0.0.1:0", Echo).value();
  RawClient client(server->port());
  REQUIRE(client.connected());
  client.Send("GET / HT");
  loop.RunFor(Millis(1000));
  server.reset();
  loop.RunFor(Millis(0));
  CHECK(client.Receive().find("HTTP") == std::string::npos);
}

TEST_CASE("listen addresses") {
  EventLoop loop;
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:0", ":0", "localhost:0"}) {
    CAPTURE(address);
    CHECK(HttpServer::Listen(loop, address, Echo).has_value());
  }
  for (const char* address :
       {"", "8429", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
        "::1:8429", "[]:8429", "[::1:8429", "192.0.2.1:0"}) {
    CAPTURE(address);
    const auto refused = HttpServer::Listen(loop, address, Echo);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find(address) != std::string::npos);
  }
  const auto v6 = ParseListenAddress("[::1]:8429").value();
  CHECK(v6.host == "::1");
  CHECK(v6.port == 8429);
  auto taken = HttpServer::Listen(loop, "127.0.0.1:0", Echo).value();
  const auto again = HttpServer::Listen(loop, "127.0.0.1:" + std::to_string(taken->port()), Echo);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == EADDRINUSE);
}

TEST_CASE("targets and parameters") {
  CHECK(ParseHttpTarget("/a?b?c")->query == "b?c");
  CHECK(ParseHttpTarget("http://host:80/a%2Fb?c")->path == "/a/b");
  CHECK(ParseHttpTarget("http://host")->path == "/");
  CHECK_FALSE(ParseHttpTarget("*").has_value());
  CHECK_FALSE(ParseHttpTarget("/a%2").has_value());
  CHECK_FALSE(ParseHttpTarget("/a%g0").has_value());
  CHECK(ParseHttpTarget("/a+b")->path == "/a+b");
  CHECK(QueryParameter("a=1&b=2&a=3", "a") == "1");
  CHECK(QueryParameter("a=%zz&a=3", "a") == "3");
  CHECK(QueryParameter("&&x&a%3d=%20+", "a=") == "  ");
  CHECK(QueryParameter("x", "x") == "");
  CHECK(QueryParameter("x=1", "y") == "");
}

}  // namespace
}  // namespace limpet
