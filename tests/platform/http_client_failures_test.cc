#include <doctest/doctest.h>

#include <cerrno>
#include <future>
#include <memory>

#include "agent/platform/http_client.h"
#include "tests/platform/answering_server.h"
#include "tests/platform/http_client_harness.h"
#include "tests/platform/scripted_server.h"

namespace limpet {
namespace {

ScriptedServer::Script Sends(std::string bytes, bool then_closes) {
  return [bytes = std::move(bytes), then_closes](ScriptedPeer& peer) {
    peer.ReadHead();
    peer.Write(bytes);
    if (!then_closes) peer.WaitForClose();
  };
}

// The error that one exchange with such a server ends in.
RecordingHandler ExchangeWith(ScriptedServer::Script script, HttpLimits limits = {},
                              Millis limit = Millis(9000)) {
  ScriptedServer server({std::move(script)});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr, limits);
  return Exchange(loop, connection, {}, limit);
}

TEST_CASE("an answer that ends too early is an error that says where") {
  const auto inside = ExchangeWith(Sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true));
  CHECK(Contains(inside.error, "connection closed by 127.0.0.1:"));
  CHECK(Contains(inside.error, "inside an answer, after 41 bytes"));
  CHECK(inside.body == "hel");
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  CHECK(Contains(ExchangeWith(Sends(chunked, true)).error, "inside an answer"));
  CHECK(Contains(ExchangeWith(Sends("HTTP/1.1 200 OK\r\nA: b", true)).error, "inside an answer"));
  CHECK(Contains(ExchangeWith(Sends("HTTP/1.1 100 Continue\r\n\r\n", true)).error, "inside an"));
  CHECK(Contains(ExchangeWith(Sends("", true)).error, "before an answer"));
}

TEST_CASE("a reset inside an answer is an error with its errno") {
  const auto got = ExchangeWith([](ScriptedPeer& peer) {
    // Unread bytes would do as well; the body must have been asked for before the reset comes.
    peer.ReadHead();
    peer.CloseWithReset();
  });
  CHECK(Contains(got.error, "read from 127.0.0.1:"));
  CHECK(Contains(got.error, "Connection reset by peer"));
  CHECK(got.code == ECONNRESET);
}

TEST_CASE("answers that are no HTTP are refused at once") {
  for (const char* bytes :
       {"hello", "\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n"}) {
    CAPTURE(bytes);
    const auto got = ExchangeWith(Sends(bytes, false));
    CHECK(Contains(got.error, "answer from 127.0.0.1:"));
    CHECK(got.dones == 1);
  }
}

TEST_CASE("limits end an exchange with an error that names them") {
  HttpLimits limits;
  limits.header_bytes_max = 1000;
  limits.body_bytes_max = 10;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  CHECK(Contains(ExchangeWith(Sends(ok + "A: " + std::string(1000, 'a'), false), limits).error,
                 "head exceeds 1000 bytes"));
  CHECK(Contains(
      ExchangeWith(Sends(ok + "A: " + std::string(1000, 'a') + "\r\n\r\n", false), limits).error,
      "head exceeds 1000 bytes"));
  CHECK(Contains(ExchangeWith(Sends(ok + "Content-Length: 11\r\n\r\n", false), limits).error,
                 "body exceeds 10 bytes"));
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(
      Contains(ExchangeWith(Sends(chunked + "6\r\nabcdef\r\n5\r\nabcde\r\n", false), limits).error,
               "body exceeds 10 bytes"));
  CHECK(Contains(ExchangeWith(Sends(chunked + "1;" + std::string(2000, 'a'), false), limits).error,
                 "chunk header or trailer exceeds 1000 bytes"));
  CHECK(Contains(ExchangeWith(Sends(ok + "\r\n12345678901", false), limits).error,
                 "body exceeds 10 bytes"));
  std::string interim;
  for (int i = 0; i < 17; ++i) interim += "HTTP/1.1 102 Processing\r\n\r\n";
  CHECK(Contains(ExchangeWith(Sends(interim, false), limits).error, "too many interim answers"));
}

TEST_CASE("a deadline ends each phase with an error that says how far it was") {
  const Millis soon(30);
  const auto silent = ExchangeWith(Sends("", false), {}, soon);
  CHECK(Contains(silent.error, "timeout while waiting for an answer from 127.0.0.1:"));
  CHECK(silent.code == ETIMEDOUT);
  const auto partial =
      ExchangeWith(Sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", false), {}, soon);
  CHECK(Contains(partial.error, "timeout after reading 41 bytes from 127.0.0.1:"));

  ScriptedServer deaf({[](ScriptedPeer& peer) {
    peer.ReadHead();
    std::promise<void> never;
    never.get_future().wait_for(Millis(300));
  }});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(deaf.port()), nullptr);
  HttpRequest post;
  post.method = "POST";
  post.body = std::string(64 * 1024 * 1024, 'x');
  const auto unsent = Exchange(loop, connection, post, soon);
  CHECK(Contains(unsent.error, "timeout after sending "));
}

TEST_CASE("connecting may have a shorter time than the exchange") {
  // A server that accepts nobody: its queue takes the connection, TLS gets no answer.
  ScriptedServer server({[](ScriptedPeer& peer) { peer.WaitForClose(); }, Sends("", false)});
  EventLoop loop;
  HttpLimits limits;
  limits.connect_timeout = Millis(30);
  const auto tls = TlsContext::Create({}).value();
  {
    HttpConnection connection(loop, LoopbackUrl(server.port(), "https"), tls, limits);
    const auto got = Exchange(loop, connection);
    CHECK(Contains(got.error, "timeout in the TLS handshake with 127.0.0.1:"));
    CHECK(got.code == ETIMEDOUT);
  }
  // Once connected it has no say.
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr, limits);
  CHECK(Contains(Exchange(loop, connection, {}, Millis(100)).error,
                 "timeout while waiting for an answer from"));
}

TEST_CASE("a deadline in the past is a timeout, not a hang") {
  ScriptedServer server({Sends("", false)});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  CHECK(Exchange(loop, connection, {}, Millis(-1)).code == ETIMEDOUT);
}

TEST_CASE("a deadline can be moved in both directions") {
  std::promise<void> go;
  ScriptedServer server({[&](ScriptedPeer& peer) {
    peer.ReadHead();
    go.get_future().wait_for(std::chrono::seconds(10));
    peer.Write("HTTP/1.1 204 No Content\r\n\r\n");
    peer.ReadHead();
    peer.WaitForClose();
  }});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  RecordingHandler handler;
  connection.Start(Get(), In(Millis(20)), handler);
  connection.ExtendDeadline(In(Millis(9000)));
  Timer after_first_deadline(loop);
  after_first_deadline.After(Millis(40), [&] { go.set_value(); });
  REQUIRE(RunUntil(loop, [&] { return handler.dones == 1; }));
  CHECK(handler.error == "");

  connection.Start(Get(), SteadyTime::max(), handler);
  connection.ExtendDeadline(In(Millis(20)));
  REQUIRE(RunUntil(loop, [&] { return handler.dones == 2; }));
  CHECK(handler.code == ETIMEDOUT);
}

TEST_CASE("a refused connection names the address") {
  const uint16_t port = UnusedPort();
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(port), nullptr);
  const auto got = Exchange(loop, connection);
  CHECK(got.error == "connect 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  CHECK(got.code == ECONNREFUSED);
  HttpConnection v6(loop, LoopbackUrl(port, "http", "::1"), nullptr);
  CHECK(Contains(Exchange(loop, v6).error, "connect [::1]:" + std::to_string(port) + ": "));
}

TEST_CASE("a name that nobody has is an error of the look-up") {
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(80, "http", "no..such..name"), nullptr);
  CHECK(Contains(Exchange(loop, connection).error, "resolve no..such..name: "));
}

TEST_CASE("requests that would break out of their head are not sent") {
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(UnusedPort()), nullptr);
  const auto error_of = [&](const std::function<void(HttpRequest&)>& edit) {
    HttpRequest request;
    edit(request);
    return Exchange(loop, connection, request).error;
  };
  const std::string with_value = error_of([](HttpRequest& request) {
    request.headers = {{"Authorization", "Bearer hunter2\r\nX: y"}};
  });
  CHECK(Contains(with_value, "header Authorization contains a line break"));
  CHECK_FALSE(Contains(with_value, "hunter2"));
  CHECK(Contains(error_of([](HttpRequest& r) { r.headers = {{"A B", "c"}}; }), "not a token"));
  CHECK(Contains(error_of([](HttpRequest& r) { r.headers = {{"host", "c"}}; }), "header host"));
  CHECK(Contains(error_of([](HttpRequest& r) { r.method = "GET /"; }), "method"));
  CHECK(Contains(error_of([](HttpRequest& r) { r.target = "/ HTTP/1.1\r\n"; }), "target"));
  CHECK(Contains(error_of([](HttpRequest& r) { r.target = ""; }), "target"));
  HttpConnection https(loop, LoopbackUrl(1, "https"), nullptr);
  CHECK(Contains(Exchange(loop, https).error, "needs TLS settings"));
}

TEST_CASE("an early answer to a request that is not read to its end is heard") {
  ScriptedServer server({[](ScriptedPeer& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    peer.ReadBytes(32 * 1024 * 1024);
  }});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  HttpRequest post;
  post.method = "POST";
  post.body = std::string(32 * 1024 * 1024, 'x');
  const auto got = Exchange(loop, connection, post);
  CHECK(got.error == "");
  CHECK(got.status == 413);
}

}  // namespace
}  // namespace limpet
