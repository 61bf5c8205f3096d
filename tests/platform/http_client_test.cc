#include "agent/platform/http_client.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "agent/platform/http_collector.h"
#include "tests/platform/http_client_harness.h"
#include "tests/platform/scripted_server.h"

namespace limpet {
namespace {

// Answers `count` requests on one connection, then waits for the client to close.
ScriptedServer::Script Answers(std::string answer, int count = 1) {
  return [answer = std::move(answer), count](ScriptedPeer& peer) {
    for (int i = 0; i < count; ++i) {
      if (peer.ReadHead().empty()) return;
      peer.Write(answer);
    }
    peer.WaitForClose();
  };
}

// Answers and closes.
ScriptedServer::Script AnswersOnce(std::string answer) {
  return [answer = std::move(answer)](ScriptedPeer& peer) {
    peer.ReadHead();
    peer.Write(answer);
  };
}

constexpr char kOk[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

TEST_CASE("a request is written and its answer handed over") {
  std::string seen;
  ScriptedServer server({[&](ScriptedPeer& peer) {
    seen = peer.ReadHead();
    peer.Write(kOk);
    peer.WaitForClose();
  }});
  EventLoop loop;
  RecordingHandler got;
  {
    HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
    HttpRequest request = Get("/metrics?x=1");
    request.headers = {{"Accept", "text/plain"}, {"X-Empty", ""}};
    got = Exchange(loop, connection, request);
    CHECK_FALSE(connection.busy());
  }
  CHECK(got.error == "");
  CHECK(got.status == 200);
  CHECK(got.content_type == "text/plain");
  CHECK(got.length == 5);
  CHECK(got.body == "hello");
  CHECK(got.dones == 1);
  CHECK(seen == "GET /metrics?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                    "\r\nAccept: text/plain\r\nX-Empty: \r\n\r\n");
}

TEST_CASE("a connection is kept for the next exchange") {
  ScriptedServer server({Answers(kOk, 3)});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  for (int i = 0; i < 3; ++i) CHECK(Exchange(loop, connection).body == "hello");
  CHECK(server.connections() == 1);
}

TEST_CASE("the next exchange can be started from OnDone") {
  ScriptedServer server({Answers(kOk, 3)});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  RecordingHandler handler;
  handler.on_done = [&] {
    if (handler.dones < 3) connection.Start(Get(), In(Millis(9000)), handler);
  };
  connection.Start(Get(), In(Millis(9000)), handler);
  CHECK(RunUntil(loop, [&] { return handler.dones == 3; }));
  CHECK(handler.body == "hellohellohello");
  CHECK(server.connections() == 1);
}

TEST_CASE("answers of every framing") {
  struct Case {
    const char* answer;
    const char* body;
    bool closes;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
       "abc0123456789", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", false},
      {"HTTP/1.1 204 No Content\r\n\r\n", "", false},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "", false},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
       "abc", false},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end", true},
      {"HTTP/1.0 200 OK\r\n\r\nold", "old", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", "old", true},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "abc", true},
  };
  for (const Case& one : cases) {
    for (const bool byte_by_byte : {false, true}) {
      CAPTURE(one.answer);
      CAPTURE(byte_by_byte);
      ScriptedServer server({[&](ScriptedPeer& peer) {
                               peer.ReadHead();
                               byte_by_byte ? peer.WriteByteByByte(one.answer)
                                            : peer.Write(one.answer);
                               if (!one.closes) {
                                 peer.ReadHead();
                                 peer.Write(kOk);
                                 peer.WaitForClose();
                               }
                             },
                             Answers(kOk)});
      EventLoop loop;
      HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
      const auto got = Exchange(loop, connection);
      CHECK(got.error == "");
      CHECK(got.body == one.body);
      CHECK(got.heads == 1);
      CHECK(got.status >= 200);
      CHECK(Exchange(loop, connection).body == "hello");
      CHECK(server.connections() == (one.closes ? 2 : 1));
    }
  }
}

TEST_CASE("a kept connection that is closed on the next request is opened anew, once") {
  const auto closes_on_second = [](bool reset) {
    return [reset](ScriptedPeer& peer) {
      peer.ReadHead();
      peer.Write(kOk);
      peer.ReadHead();
      if (reset) peer.CloseWithReset();
    };
  };
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    std::string second;
    ScriptedServer server({closes_on_second(reset),
                           [&](ScriptedPeer& peer) {
                             second = peer.ReadHead();
                             second += peer.ReadBytes(4);
                             peer.Write(kOk);
                             peer.ReadHead();
                           },
                           [](ScriptedPeer& peer) { peer.ReadHead(); }});
    EventLoop loop;
    HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
    CHECK(Exchange(loop, connection).error == "");
    HttpRequest post = Get("/again");
    post.method = "POST";
    post.body = "body";
    CHECK(Exchange(loop, connection, post).error == "");
    CHECK(second.starts_with("POST /again HTTP/1.1\r\n"));
    CHECK(second.ends_with("Content-Length: 4\r\n\r\nbody"));
    CHECK(server.connections() == 2);
    // The third connection is a fresh one: its closing is an error.
    const auto got = Exchange(loop, connection);
    CHECK(got.error.find("before an answer") != std::string::npos);
    CHECK(server.connections() == 3);
  }
}

TEST_CASE("a connection that was closed, or spoke, while it lay idle is not used again") {
  for (const char* unasked : {"", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"}) {
    CAPTURE(unasked);
    ScriptedServer server({AnswersOnce(kOk + std::string(unasked)), Answers(kOk)});
    EventLoop loop;
    HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
    CHECK(Exchange(loop, connection).status == 200);
    CHECK(Exchange(loop, connection).status == 200);
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("large bodies in both directions") {
  std::string large(5 * 1024 * 1024, 'x');
  for (size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>('a' + i / 4096 % 26);
  std::string received;
  ScriptedServer server({[&](ScriptedPeer& peer) {
    peer.ReadHead();
    received = peer.ReadBytes(large.size());
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n");
    peer.Write(large);
    peer.WaitForClose();
  }});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  HttpRequest post;
  post.method = "POST";
  post.body = large;
  const auto got = Exchange(loop, connection, post);
  CHECK(got.error == "");
  CHECK((received == large));
  CHECK((got.body == large));
}

TEST_CASE("a name is resolved and its addresses are tried in order") {
  // The loopback's name may stand for ::1 as well, where nobody listens.
  ScriptedServer server({Answers(kOk)});
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port(), "http", "localhost"), nullptr);
  const auto got = Exchange(loop, connection);
  CHECK(got.error == "");
  CHECK(got.body == "hello");
}

TEST_CASE("the collector hands over a whole answer, up to its limit") {
  const std::string head = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Type: a/b\r\n";
  const std::string answer = head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const size_t limit : {size_t{5}, size_t{4}}) {
    ScriptedServer server({Answers(answer)});
    EventLoop loop;
    HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
    std::optional<Result<HttpAnswer>> got;
    HttpCollector collector(limit, [&](Result<HttpAnswer> result) { got = std::move(result); });
    connection.Start(Get(), In(Millis(9000)), collector);
    REQUIRE(RunUntil(loop, [&] { return got.has_value(); }));
    REQUIRE(got->has_value() == (limit == 5));
    if (limit == 4) {
      CHECK(got->error().message == "body exceeds 4 bytes");
      continue;
    }
    CHECK((*got)->status == 503);
    CHECK((*got)->retry_after == "7");
    CHECK((*got)->content_type == "a/b");
    CHECK((*got)->body == "hello");
  }
}

}  // namespace
}  // namespace limpet
