// What a sender makes of each answer, against a receiver on a loopback port.
#include "queue/sender_answer.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "agent/platform/http_proxy.h"
#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

TEST_CASE("errors of the receiver are retried with the same body") {
  ScriptedReceiver receiver({Answer(500, "", "no\r\nroom\x01 \xff left"), Answer(503), Answer(408),
                             Answer(429, "Retry-After: 0\r\n"), Answer(200)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.min_backoff = f.config.queue.max_backoff = Millis(20);
  f.Start();
  FakeTarget("node", 5).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
  CHECK(f.status().last_error == "HTTP status 500: no  room  \xef\xbf\xbd left");
  REQUIRE(f.RunUntilAcknowledged(1));
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 5);
  for (const auto& request : requests) CHECK(request.body == requests[0].body);
  const ReceiverStatus status = f.status();
  CHECK(status.healthy);
  CHECK(status.last_error.empty());
  CHECK(status.samples_sent_total == 5);
  CHECK(status.samples_retried_total == 20);
  CHECK(status.samples_dropped_total.empty());
}

TEST_CASE("Retry-After is waited for") {
  for (const char* header :
       {"Retry-After: 3000\r\n", "Retry-After: Sun, 06 Nov 2094 08:49:37 GMT\r\n"}) {
    ScriptedReceiver receiver({Answer(429, header)});
    SenderFixture f(QuickConfig(receiver.port()));
    f.Start();
    FakeTarget("node", 5).Scrape(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntil([&] { return f.status().requests_total[429] == 1; }));
    f.loop.RunFor(Millis(60));
    CHECK(receiver.count() == 1);
  }
}

TEST_CASE("413 halves the batch, in order, down to a lone sample which is given up") {
  std::deque<ScriptedAnswer> script = {Answer(413), Answer(413), Answer(413)};  // 4, 2, 1
  script.push_back(Answer(200));                                                // 1
  script.push_back(Answer(200));                                                // 2
  ScriptedReceiver receiver(script);
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  const FakeTarget target("node", 4);
  target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  std::vector<int> sizes;
  for (const auto& request : receiver.requests()) {
    sizes.push_back(DecodeBody(request.body).timeseries_size());
  }
  CHECK(sizes == std::vector<int>{4, 2, 1, 1, 2});
  CHECK(f.status().samples_dropped_total == std::map<std::string, uint64_t>{{"http_413", 1}});
  CHECK(f.status().samples_sent_total == 3);
  // What comes next is not as big at once.
  target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntilAcknowledged(2));
  CHECK(DecodeBody(receiver.requests()[5].body).timeseries_size() == 2);
}

TEST_CASE("other 4xx cost the batch and say so, the next one is sent") {
  ScriptedReceiver receiver(
      {Answer(409, "", "out of order sample\nand more"), Answer(422), Answer(200)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  const FakeTarget target("node", 3);
  const CapturedStderr log_lines;
  target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK_FALSE(f.status().healthy);
  CHECK(f.status().last_error == "HTTP status 409: out of order sample and more");
  CHECK(log_lines.Text().find("out of order sample and more") != std::string::npos);
  target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntilAcknowledged(2));
  target.Scrape(f.log, kTimeMs + 2, 1);
  REQUIRE(f.RunUntilAcknowledged(3));
  CHECK(f.status().healthy);
  CHECK(f.status().samples_dropped_total ==
        std::map<std::string, uint64_t>{{"http_409", 3}, {"http_422", 3}});
}

TEST_CASE("401 holds the data until the token has changed") {
  const std::string path = "/tmp/limpet_sender_test_token." + std::to_string(getpid());
  std::ofstream(path) << "old-token\n";
  ScriptedReceiver receiver({Answer(401, "", "old-token is not known"), Answer(200)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.http.authorization.emplace();
  f.config.http.authorization->credentials_file = path;
  f.Start();
  FakeTarget("node", 3).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
  CHECK(f.status().last_error == "HTTP status 401: *** is not known");
  f.loop.RunFor(Millis(50));
  CHECK(receiver.count() == 1);
  std::ofstream(path + ".new") << "new-token-that-is-longer\n";
  REQUIRE(rename((path + ".new").c_str(), path.c_str()) == 0);
  CHECK(f.RunUntilAcknowledged(1));
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].headers.at("authorization") == "Bearer old-token");
  CHECK(requests[1].headers.at("authorization") == "Bearer new-token-that-is-longer");
  CHECK(requests[0].body == requests[1].body);
  unlink(path.c_str());
}

TEST_CASE("403, 404 and redirects are held and tried again after a while") {
  for (const int status : {403, 404, 301, 307}) {
    CAPTURE(status);
    ScriptedReceiver receiver({Answer(status, "Location: http://127.0.0.1:1/\r\n"), Answer(200)});
    SenderFixture f(QuickConfig(receiver.port()));
    f.Start();
    FakeTarget("node", 3).Scrape(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
    f.loop.RunFor(Millis(30));
    CHECK(receiver.count() == 1);
    f.clock.steady_shift = Millis(31'000);
    CHECK(f.RunUntilAcknowledged(1));
    CHECK(f.status().samples_dropped_total.empty());
  }
}

TEST_CASE("a gateway's 400 about TLS holds the data, another 400 that quotes it does not") {
  const std::string page =
      "<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body>";
  for (const std::string& text :
       {page, std::string("Client sent an HTTP request to an HTTPS server.\n")}) {
    ScriptedReceiver receiver({Answer(400, "", text), Answer(200)});
    SenderFixture f(QuickConfig(receiver.port()));
    f.config.protobuf_message = RemoteWriteMessage::kAuto;
    f.Start();
    FakeTarget("node", 3).Scrape(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
    CHECK(f.status().protocol == "io.prometheus.write.v2.Request");
    f.loop.RunFor(Millis(30));
    CHECK(receiver.count() == 1);
    f.clock.steady_shift = Millis(31'000);
    REQUIRE(f.RunUntil([&] { return receiver.count() >= 2; }));
    CHECK(receiver.requests()[0].body == receiver.requests()[1].body);
    CHECK(f.status().samples_dropped_total.empty());
  }
  ScriptedReceiver receiver({Answer(400, "", "bad label \"" + page), Answer(400, "", page)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  FakeTarget("node", 1).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK(f.status().samples_dropped_total == std::map<std::string, uint64_t>{{"http_400", 1}});
}

TEST_CASE("a missing token file holds the data and is noticed when it comes") {
  const std::string path = "/tmp/limpet_sender_test_late_token." + std::to_string(getpid());
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.http.authorization.emplace();
  f.config.http.authorization->credentials_file = path;
  f.Start();
  FakeTarget("node", 3).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
  CHECK(f.status().last_error.find(path) != std::string::npos);
  CHECK(receiver.count() == 0);
  std::ofstream(path) << "token\n";
  CHECK(f.RunUntilAcknowledged(1));
  CHECK(receiver.requests()[0].headers.at("authorization") == "Bearer token");
  unlink(path.c_str());
}

TEST_CASE("half answers, closed connections and nonsense are retried") {
  ScriptedAnswer closed;
  closed.then_close = true;
  ScriptedAnswer half_head{"HTTP/1.1 200 O", true};
  ScriptedAnswer nonsense{"\x16\x03\x01 what?\r\n\r\n", true};
  ScriptedAnswer half_body{"HTTP/1.1 500 Error\r\nContent-Length: 100\r\n\r\nha", true};
  ScriptedReceiver receiver({closed, closed, half_head, nonsense, half_body});
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  FakeTarget("node", 3).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK(receiver.count() == 6);
  CHECK(f.status().samples_sent_total == 3);
  CHECK(f.status().requests_total[500] == 1);
}

TEST_CASE("a 2xx counts even if the body behind it is cut off or has no end") {
  ScriptedAnswer cut{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nha", true};
  ScriptedAnswer endless{
      "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + std::string(1 << 20, 'x'), false,
      true};
  ScriptedReceiver receiver({cut, endless});
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  const FakeTarget target("node", 3);
  target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntilAcknowledged(2));
  CHECK(receiver.count() == 2);
  CHECK(f.status().requests_total == std::map<int, uint64_t>{{200, 2}});
}

TEST_CASE("no credential comes out in a status or a log line") {
  for (const int status : {400, 401, 500}) {
    ScriptedReceiver receiver;
    SenderFixture f(QuickConfig(receiver.port()));
    f.config.url.target = "/write?api_key=query-secret";
    f.config.http.basic_auth = BasicAuthConfig{"user", Secret("pass-secret"), ""};
    f.config.http.headers = {{"X-Key", "header-secret"}};
    receiver.Add(Answer(status, "",
                        "bad: pass-secret header-secret api_key=query-secret "
                        "dXNlcjpwYXNzLXNlY3JldA==" +
                            std::string(5000, '.')));
    const CapturedStderr log_lines;
    f.Start();
    FakeTarget("node", 1).Scrape(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
    const auto request = receiver.requests().at(0);
    CHECK(request.headers.at("authorization") == "Basic dXNlcjpwYXNzLXNlY3JldA==");
    CHECK(request.line == "POST /write?api_key=query-secret HTTP/1.1");
    CHECK(f.status().url == "http://127.0.0.1:" + std::to_string(receiver.port()) + "/write");
    const std::string shown = f.status().last_error + log_lines.Text();
    CHECK(shown.find("bad: *** *** *** ***") != std::string::npos);
    CHECK(shown.find("secret") == std::string::npos);
    CHECK(shown.find("dXNl") == std::string::npos);
    CHECK(f.status().last_error.size() < 400);
  }
}

TEST_CASE("what goes to a proxy or comes from a file is blotted out too") {
  const std::string path = "/tmp/limpet_sender_test_header." + std::to_string(getpid());
  std::ofstream(path) << "file-secret\n";
  ScriptedReceiver proxy(
      {Answer(502, "", "file-secret user:pass-secret dXNlcjpwYXNzLXNlY3JldA==")});
  RemoteWriteConfig config = QuickConfig(1);
  config.http.http_headers = {{"X-Key", {}, {}, {path}}};
  config.http.proxy.proxy =
      ParseHttpProxy("http://user:pass-secret@127.0.0.1:" + std::to_string(proxy.port())).value();
  SenderFixture f(config);
  f.Start();
  FakeTarget("node", 1).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
  const auto request = proxy.requests().at(0);
  CHECK(request.headers.at("proxy-authorization") == "Basic dXNlcjpwYXNzLXNlY3JldA==");
  CHECK(request.headers.at("x-key") == "file-secret");
  CHECK(f.status().last_error == "HTTP status 502: *** user:*** ***");
  unlink(path.c_str());
}

TEST_CASE("a secret that is cut where the answer is cut is not shown in part") {
  const std::string secret(1000, 's');
  AnswerStart answer;
  for (int i = 0; i < 10; ++i) CHECK(answer.Add(secret));
  const std::string shown = answer.Show({secret});
  CHECK(shown.find('s') == std::string::npos);
  CHECK(shown.find("***") == 0);
  CHECK_FALSE(answer.Add(std::string(AnswerStart::kReadMax, 'x')));
}

}  // namespace
}  // namespace limpet
