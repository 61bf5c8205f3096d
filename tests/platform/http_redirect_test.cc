// Redirects of a GET, and what of the client's identity goes where.
#include <doctest/doctest.h>

#include "agent/platform/http_client.h"
#include "agent/platform/http_client_context.h"
#include "tests/discovery/temporary_directory.h"
#include "tests/platform/answering_server.h"
#include "tests/platform/http_client_harness.h"

namespace limpet {
namespace {

HttpClientConfig WithSecrets() {
  HttpClientConfig config;
  config.authorization.emplace();
  config.authorization->credentials = Secret("s3cret-token");
  config.http_headers = {{"X-Key", {"plain"}, {Secret("s3cret-header")}, {}}};
  return config;
}

RecordingHandler Fetch(const HttpClientConfig& config, uint16_t port, HttpRequest request) {
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, config), LoopbackUrl(port));
  return Exchange(loop, connection, std::move(request));
}

TEST_CASE("a request carries http_headers, their files and the credentials") {
  const TemporaryDirectory directory;
  AnsweringServer server([](const std::string&) { return AnswerOf("200 OK", "ok"); });
  HttpClientConfig config = WithSecrets();
  config.http_headers.push_back({"X-File", {}, {}, {directory.File("value")}});
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, config), LoopbackUrl(server.port()));
  CHECK(Contains(Exchange(loop, connection).error, directory.File("value")));
  for (const char* value : {"one", "three"}) {
    directory.Write("value", std::string(value) + "\n");
    CHECK(Exchange(loop, connection, Get("/m")).body == "ok");
    const std::string request = server.requests().back();
    CHECK(Contains(request, "\r\nX-Key: plain\r\nX-Key: s3cret-header\r\nX-File: " +
                                std::string(value) + "\r\n"));
    CHECK(Contains(request, "\r\nAuthorization: Bearer s3cret-token\r\n"));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("redirects within the origin are followed on the same connection") {
  AnsweringServer server([](const std::string& request) {
    if (Contains(request, "GET /a/b?x=1 ")) {
      return AnswerOf("302 Found", "elsewhere", "Location: ../c?y=2#z\r\n");
    }
    if (Contains(request, "GET /c?y=2 ")) {
      return AnswerOf("308 Permanent Redirect", "", "Location: /d\r\n");
    }
    return AnswerOf("200 OK", "here");
  });
  const auto got = Fetch(WithSecrets(), server.port(), Get("/a/b?x=1"));
  CHECK(got.error == "");
  CHECK(got.status == 200);
  CHECK(got.body == "here");
  CHECK(got.heads == 1);
  CHECK(server.connections() == 1);
  REQUIRE(server.requests().size() == 3);
  for (const std::string& request : server.requests()) CHECK(Contains(request, "s3cret-token"));
}

TEST_CASE("another origin gets nothing that says who one is, wherever the chain leads") {
  std::string home;
  AnsweringServer other([&](const std::string& request) {
    return Contains(request, "GET /back ") ? AnswerOf("307 T", "", "Location: " + home + "\r\n")
                                           : AnswerOf("200 OK", "other");
  });
  AnsweringServer first([&](const std::string& request) {
    if (Contains(request, "GET /end ")) return AnswerOf("200 OK", "end");
    const std::string to = Contains(request, "GET /there ") ? "/x" : "/back";
    return AnswerOf("302 Found", "", "Location: " + other.url(to) + "\r\n");
  });
  home = first.url("/end");
  HttpRequest request = Get("/there");
  request.headers = {{"Accept", "text/plain"}, {"Cookie", "s3cret-cookie"}};
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, WithSecrets()),
                            LoopbackUrl(first.port()));
  for (int i = 0; i < 2; ++i) CHECK(Exchange(loop, connection, request).body == "other");
  CHECK(first.connections() == 1);
  CHECK(other.connections() == 1);  // kept for the next time
  for (const std::string& seen : other.requests()) {
    CHECK(Contains(seen, "\r\nAccept: text/plain\r\n"));
    CHECK_FALSE(Contains(seen, "s3cret"));
    CHECK_FALSE(Contains(seen, "X-Key"));
    CHECK_FALSE(Contains(seen, "Authorization"));
  }
  CHECK(Contains(first.requests().front(), "s3cret-cookie"));
}

TEST_CASE("a chain that comes back has no credentials any more") {
  std::string home;
  AnsweringServer other([&](const std::string&) {
    return AnswerOf("307 T", "", "Location: " + home + "\r\nConnection: close\r\n");
  });
  AnsweringServer first([&](const std::string& request) {
    if (Contains(request, "GET /end ")) return AnswerOf("200 OK", "end");
    return AnswerOf("302 Found", "", "Location: " + other.url() + "\r\nConnection: close\r\n");
  });
  home = first.url("/end");
  CHECK(Fetch(WithSecrets(), first.port(), Get("/start")).body == "end");
  REQUIRE(first.requests().size() == 2);
  CHECK(Contains(first.requests()[0], "s3cret-token"));
  CHECK_FALSE(Contains(first.requests()[1], "s3cret"));
}

TEST_CASE("loops end, and what cannot be followed is an error without its text") {
  AnsweringServer loops(
      [](const std::string&) { return AnswerOf("302 Found", "", "Location: /again\r\n"); });
  CHECK(Fetch({}, loops.port(), Get()).error == "stopped after 10 redirects");
  CHECK(loops.requests().size() == 11);
  AnsweringServer odd([](const std::string&) {
    return AnswerOf("302 Found", "", "Location: ftp://u:s3cret@h/\r\n");
  });
  const std::string error = Fetch({}, odd.port(), Get()).error;
  CHECK(Contains(error, "redirect by http://127.0.0.1:"));
  CHECK_FALSE(Contains(error, "s3cret"));
}

TEST_CASE("what is not to be followed is the answer") {
  AnsweringServer server([](const std::string& request) {
    return AnswerOf("302 Found", "moved", Contains(request, "/none") ? "" : "Location: /x\r\n");
  });
  CHECK(Fetch({}, server.port(), Get("/none")).status == 302);
  HttpRequest post = Get();
  post.method = "POST";
  CHECK(Fetch({}, server.port(), post).body == "moved");
  HttpClientConfig stays;
  stays.follow_redirects = false;
  CHECK(Fetch(stays, server.port(), Get()).status == 302);
}

TEST_CASE("a long body of a redirect is not read to its end, and the deadline holds throughout") {
  AnsweringServer server([](const std::string& request) {
    return Contains(request, "GET / ")
               ? AnswerOf("302 Found", std::string(1 << 20, 'x'), "Location: /x\r\n")
               : AnswerOf("200 OK", "here");
  });
  CHECK(Fetch({}, server.port(), Get()).body == "here");
  CHECK(server.connections() == 2);

  const ScriptedServer::Script waits = [](ScriptedPeer& peer) { peer.WaitForClose(); };
  ScriptedServer silent({waits, waits});
  AnsweringServer points([&](const std::string&) {
    return AnswerOf("302 Found", "",
                    "Location: http://127.0.0.1:" + std::to_string(silent.port()) + "/\r\n");
  });
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, {}), LoopbackUrl(points.port()));
  const auto late = Exchange(loop, connection, Get(), Millis(200));
  CHECK(Contains(late.error, "timeout while waiting for an answer from"));
  RecordingHandler handler;
  connection.Start(Get(), In(Millis(9000)), handler);
  loop.RunFor(Millis(20));
  connection.Cancel();
  loop.RunFor(Millis(20));
  CHECK(handler.dones == 0);
}

}  // namespace
}  // namespace limpet
