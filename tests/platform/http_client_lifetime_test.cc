// Cancelling an exchange and dropping its connection at every moment; most of what these tests
// check is left to the address sanitizer.
#include <doctest/doctest.h>

#include <memory>

#include "agent/platform/http_client.h"
#include "tests/platform/http_client_harness.h"
#include "tests/platform/scripted_server.h"

namespace limpet {
namespace {

constexpr char kChunked[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";

ScriptedServer::Script Answers(int count) {
  return [count](ScriptedPeer& peer) {
    for (int i = 0; i < count; ++i) {
      if (peer.ReadHead().empty()) return;
      peer.Write(kChunked);
    }
    peer.WaitForClose();
  };
}

struct Setup {
  explicit Setup(std::vector<ScriptedServer::Script> scripts) : server(std::move(scripts)) {
    connection = std::make_unique<HttpConnection>(loop, LoopbackUrl(server.port()), nullptr);
  }
  void Start(Millis limit = Millis(9000)) { connection->Start(Get(), In(limit), handler); }

  ScriptedServer server;
  EventLoop loop;
  RecordingHandler handler;
  std::unique_ptr<HttpConnection> connection;
};

TEST_CASE("a handler that says no ends the exchange with \"aborted\"") {
  for (const bool at_head : {true, false}) {
    Setup setup({Answers(1), Answers(1)});
    bool willing = false;
    setup.handler.on_head = [&](const HttpResponseHead&) { return !at_head || willing; };
    setup.handler.on_body = [&] { return at_head || willing; };
    setup.Start();
    REQUIRE(RunUntil(setup.loop, [&] { return setup.handler.dones == 1; }));
    CHECK(setup.handler.error == "aborted");
    CHECK(setup.handler.pieces == (at_head ? 0 : 1));
    willing = true;
    setup.Start();
    REQUIRE(RunUntil(setup.loop, [&] { return setup.handler.dones == 2; }));
    CHECK(setup.handler.error == "");
    CHECK(setup.server.connections() == 2);
  }
}

TEST_CASE("Cancel from inside OnHead and OnBody: nothing more is called") {
  for (const bool at_head : {true, false}) {
    for (const bool drops : {true, false}) {
      Setup setup({Answers(1), Answers(1)});
      bool ended = false;
      const auto end = [&] {
        ended = true;
        drops ? setup.connection.reset() : setup.connection->Cancel();
        return true;
      };
      setup.handler.on_head = [&](const HttpResponseHead&) { return at_head ? end() : true; };
      setup.handler.on_body = [&] { return end(); };
      setup.Start();
      REQUIRE(RunUntil(setup.loop, [&] { return ended; }));
      setup.loop.RunFor(Millis(1));
      CHECK(setup.handler.heads == 1);
      CHECK(setup.handler.pieces == (at_head ? 0 : 1));
      CHECK(setup.handler.dones == 0);
      if (drops) continue;
      CHECK_FALSE(setup.connection->busy());
      setup.handler.on_head = nullptr;
      setup.handler.on_body = nullptr;
      setup.handler.body.clear();
      setup.Start();
      REQUIRE(RunUntil(setup.loop, [&] { return setup.handler.dones == 1; }));
      CHECK(setup.handler.body == "helloworld");
    }
  }
}

TEST_CASE("a connection may be destroyed from inside OnDone") {
  const ScriptedServer::Script closes = [](ScriptedPeer& peer) { peer.ReadHead(); };
  const ScriptedServer::Script hangs = [](ScriptedPeer& peer) { peer.WaitForClose(); };
  for (const auto& script : {Answers(1), closes, hangs}) {
    Setup setup({script});
    setup.handler.on_done = [&] { setup.connection.reset(); };
    setup.Start(Millis(100));
    CHECK(RunUntil(setup.loop, [&] { return setup.handler.dones == 1; }));
    setup.loop.RunFor(Millis(1));
  }
  // Where the request is refused, the connection is, and the name cannot be resolved.
  for (const int kind : {0, 1, 2}) {
    Setup setup({});
    Url url = LoopbackUrl(UnusedPort());
    if (kind == 2) url.host = "no..such..name";
    setup.connection = std::make_unique<HttpConnection>(setup.loop, url, nullptr);
    setup.handler.on_done = [&] { setup.connection.reset(); };
    HttpRequest request;
    if (kind == 0) request.method = "";
    setup.connection->Start(request, In(Millis(9000)), setup.handler);
    CHECK(setup.handler.dones == 0);
    CHECK(RunUntil(setup.loop, [&] { return setup.handler.dones == 1; }));
  }
}

TEST_CASE("Cancel and destruction after every number of the loop's steps") {
  for (const bool drops : {false, true}) {
    for (int steps = 0; steps < 6; ++steps) {
      Setup setup({Answers(1), Answers(1)});
      setup.Start();
      for (int i = 0; i < steps; ++i) setup.loop.RunFor(Millis(1));
      if (setup.handler.dones == 1) continue;
      drops ? setup.connection.reset() : setup.connection->Cancel();
      setup.loop.RunFor(Millis(1));
      CHECK(setup.handler.dones == 0);
      if (drops) continue;
      setup.handler.body.clear();
      setup.Start();
      REQUIRE(RunUntil(setup.loop, [&] { return setup.handler.dones == 1; }));
      CHECK(setup.handler.body == "helloworld");
    }
  }
}

TEST_CASE("Cancel right after Start, and Start right after that") {
  Setup setup({Answers(1), Answers(1), Answers(1)});
  setup.Start();
  setup.connection->Cancel();
  setup.connection->Cancel();
  HttpRequest bad;
  bad.method = "";
  setup.connection->Start(bad, In(Millis(9000)), setup.handler);
  setup.connection->Cancel();
  setup.Start();
  REQUIRE(RunUntil(setup.loop, [&] { return setup.handler.dones == 1; }));
  CHECK(setup.handler.body == "helloworld");
  CHECK(setup.handler.error == "");
}

TEST_CASE("a look-up may outlive its connection") {
  EventLoop loop;
  RecordingHandler handler;
  {
    HttpConnection connection(loop, LoopbackUrl(UnusedPort(), "http", "localhost"), nullptr);
    connection.Start(Get(), In(Millis(9000)), handler);
  }
  loop.RunFor(Millis(50));
  CHECK(handler.dones == 0);
}

TEST_CASE("the loop may end with exchanges under way") {
  ScriptedServer server({[](ScriptedPeer& peer) { peer.WaitForClose(); }});
  RecordingHandler handler;
  EventLoop loop;
  HttpConnection connection(loop, LoopbackUrl(server.port()), nullptr);
  connection.Start(Get(), In(Millis(9000)), handler);
  loop.RunFor(Millis(10));
  CHECK(handler.dones == 0);
}

}  // namespace
}  // namespace limpet
