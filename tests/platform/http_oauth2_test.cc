#include "agent/platform/http_oauth2.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>

#include "agent/platform/http_client_context.h"
#include "tests/discovery/temporary_directory.h"
#include "tests/platform/answering_server.h"
#include "tests/platform/http_client_harness.h"

namespace limpet {
namespace {

class MovableClock : public Clock {
 public:
  int64_t WallMs() const override { return 0; }
  SteadyTime Now() const override { return now; }
  SteadyTime now{std::chrono::hours(1)};
};

std::string TokenAnswer(int number, int lifetime_seconds = 3600) {
  return AnswerOf("200 OK",
                  R"({"access_token":"t)" + std::to_string(number) +
                      R"(","token_type":"bearer","expires_in":)" +
                      std::to_string(lifetime_seconds) + "}",
                  "Content-Type: application/json\r\n");
}

OAuth2Config ConfigFor(uint16_t port) {
  OAuth2Config config;
  config.client_id = "me:you";
  config.client_secret = Secret("s3cret");
  config.token_url = ParseUrl("http://127.0.0.1:" + std::to_string(port) + "/token").value();
  return config;
}

// The header, "error: ..." or "" where there is none yet.
std::string HeaderOf(OAuth2TokenSource& source) {
  const auto header = source.Header();
  if (!header) return "error: " + header.error().message;
  return *header == nullptr ? "" : **header;
}

std::string Fetched(EventLoop& loop, OAuth2TokenSource& source) {
  int ready = 0;
  source.Wait([&] { ++ready; });
  CHECK(RunUntil(loop, [&] { return ready == 1; }));
  return HeaderOf(source);
}

TEST_CASE("a token is asked for as RFC 6749 says and kept until shortly before it expires") {
  std::atomic<int> number = 0;
  AnsweringServer server([&](const std::string&) { return TokenAnswer(++number, 100); });
  OAuth2Config config = ConfigFor(server.port());
  config.scopes = {"a", "b/c"};
  config.endpoint_params = {{"audience", "x y"}};
  EventLoop loop;
  MovableClock clock;
  const auto source = std::make_shared<OAuth2TokenSource>(loop, config, clock);
  CHECK(HeaderOf(*source) == "");
  CHECK(Fetched(loop, *source) == "Bearer t1");
  const std::string request = server.requests().at(0);
  CHECK(request.starts_with("POST /token HTTP/1.1\r\n"));
  CHECK(Contains(request, "\r\nAuthorization: Basic bWUlM0F5b3U6czNjcmV0\r\n"));
  CHECK(request.ends_with("\r\n\r\naudience=x+y&grant_type=client_credentials&scope=a+b%2Fc"));

  clock.now += std::chrono::seconds(74);
  CHECK(HeaderOf(*source) == "Bearer t1");
  CHECK(server.requests().size() == 1);
  // From here on a new one is fetched while the old one still serves.
  clock.now += std::chrono::seconds(2);
  CHECK(HeaderOf(*source) == "Bearer t1");
  CHECK(RunUntil(loop, [&] { return HeaderOf(*source) == "Bearer t2"; }));
  clock.now += std::chrono::seconds(91);
  CHECK(HeaderOf(*source) == "");
  CHECK(Fetched(loop, *source) == "Bearer t3");
}

TEST_CASE("one fetch serves all who wait, and all users of equal settings") {
  AnsweringServer server([&](const std::string&) { return TokenAnswer(1); });
  EventLoop loop;
  HttpClientConfig config;
  config.oauth2 = ConfigFor(server.port());
  const auto one = OAuth2TokenSource::For(loop, *config.oauth2);
  CHECK(one == OAuth2TokenSource::For(loop, *config.oauth2));
  int ready = 0;
  for (int i = 0; i < 5; ++i) one->Wait([&] { ++ready; });
  CHECK(RunUntil(loop, [&] { return ready == 5; }));
  CHECK(server.requests().size() == 1);
  config.oauth2->client_id = "other";
  CHECK(one != OAuth2TokenSource::For(loop, *config.oauth2));
}

TEST_CASE("a server that wants the client in the body gets it there") {
  AnsweringServer server([&](const std::string& request) {
    return Contains(request, "Authorization") ? AnswerOf("401 Unauthorized") : TokenAnswer(1, 50);
  });
  EventLoop loop;
  MovableClock clock;
  const auto source = std::make_shared<OAuth2TokenSource>(loop, ConfigFor(server.port()), clock);
  CHECK(Fetched(loop, *source) == "Bearer t1");
  CHECK(server.requests().size() == 2);
  CHECK(Contains(server.requests().back(), "client_id=me%3Ayou&client_secret=s3cret&grant_type"));
  clock.now += std::chrono::seconds(60);
  CHECK(Fetched(loop, *source) == "Bearer t1");
  CHECK(server.requests().size() == 3);  // what works is remembered
}

TEST_CASE("the secret's file is read for every fetch") {
  const TemporaryDirectory directory;
  AnsweringServer server([&](const std::string&) { return TokenAnswer(1, 50); });
  OAuth2Config config = ConfigFor(server.port());
  config.client_secret = Secret();
  config.client_secret_file = directory.File("secret");
  EventLoop loop;
  MovableClock clock;
  const auto source = std::make_shared<OAuth2TokenSource>(loop, config, clock);
  CHECK(Contains(Fetched(loop, *source), directory.File("secret")));
  for (const char* secret : {"one", "other"}) {
    directory.Write("secret", std::string(secret) + "\n");
    clock.now += std::chrono::seconds(60);
    CHECK(Fetched(loop, *source) == "Bearer t1");
    CHECK(
        Contains(server.requests().back(), BasicAuthorization("me%3Ayou:" + std::string(secret))));
  }
}

TEST_CASE("failures name the server and nothing else, and are not repeated at once") {
  const struct {
    std::string answer, error;
  } cases[] = {
      {AnswerOf("401 Unauthorized", R"({"error":"invalid_client","x":"s3cret"})"),
       "HTTP status 401 (invalid_client)"},
      {AnswerOf("500 Oops", R"({"error":"s3cret"})"), "HTTP status 500"},
      {AnswerOf("200 OK", "s3cret"), "the answer is not a JSON object"},
      {AnswerOf("200 OK", "{\"token\":\"s3cret\"}"), "the answer has no access_token"},
      {AnswerOf("200 OK", R"({"access_token":"s3cret\r\nX: y"})"),
       "the token has spaces, control characters or bytes beyond ASCII in it"},
      {AnswerOf("200 OK", std::string(70'000, 'x')), "body exceeds 65536 bytes"},
      {"s3cret\r\n\r\n", ""},
      {"", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.error);
    AnsweringServer server([&](const std::string&) { return c.answer; });
    EventLoop loop;
    MovableClock clock;
    const auto source = std::make_shared<OAuth2TokenSource>(loop, ConfigFor(server.port()), clock);
    const std::string error = Fetched(loop, *source);
    CHECK(error.starts_with("error: oauth2 token from http://127.0.0.1:"));
    CHECK(error.ends_with(c.error));
    CHECK_FALSE(Contains(error, "s3cret"));
    CHECK(HeaderOf(*source) == error);  // too early for another fetch
    clock.now += std::chrono::seconds(2);
    CHECK(HeaderOf(*source) == "");
  }
}

TEST_CASE("an exchange waits for its token, and a new one that is refused stays") {
  std::atomic<int> number = 0;
  AnsweringServer tokens([&](const std::string&) { return TokenAnswer(++number); });
  AnsweringServer server([](const std::string& request) {
    return Contains(request, "Bearer t1") ? AnswerOf("200 OK", "ok") : AnswerOf("401 No", "no");
  });
  HttpClientConfig config;
  config.oauth2 = ConfigFor(tokens.port());
  EventLoop loop;
  const auto context = HttpClientContext::Create(loop, config);
  CHECK_FALSE(context->Authorization().has_value());
  {
    HttpConnection connection(context, LoopbackUrl(server.port()));
    CHECK(Exchange(loop, connection).body == "ok");
    CHECK(Exchange(loop, connection).body == "ok");
  }
  CHECK(tokens.requests().size() == 1);
  CHECK(context->Authorization() == "Bearer t1");
  // A token that was fetched just now is not out of date: the answer stands.
  config.oauth2->scopes = {"other"};
  HttpConnection refused(HttpClientContext::Create(loop, config), LoopbackUrl(server.port()));
  const auto got = Exchange(loop, refused);
  CHECK(got.status == 401);
  CHECK(tokens.requests().size() == 2);
}

TEST_CASE("a refused token of some age is replaced") {
  std::atomic<int> number = 0;
  AnsweringServer tokens([&](const std::string&) { return TokenAnswer(++number); });
  EventLoop loop;
  MovableClock clock;
  const auto source = std::make_shared<OAuth2TokenSource>(loop, ConfigFor(tokens.port()), clock);
  CHECK(Fetched(loop, *source) == "Bearer t1");
  CHECK_FALSE(source->Renew(1));
  clock.now += std::chrono::seconds(11);
  CHECK(source->Renew(1));
  CHECK(HeaderOf(*source) == "");
  CHECK(Fetched(loop, *source) == "Bearer t2");
  CHECK(source->Renew(1));  // somebody else has had it replaced already
  CHECK(HeaderOf(*source) == "Bearer t2");
}

TEST_CASE("a token server that is down or slow is the error of the exchange that needed it") {
  ScriptedServer silent({[](ScriptedPeer& peer) { peer.WaitForClose(); }});
  EventLoop loop;
  HttpClientConfig config;
  config.oauth2 = ConfigFor(silent.port());
  {
    HttpConnection connection(HttpClientContext::Create(loop, config), LoopbackUrl(1));
    const auto late = Exchange(loop, connection, Get(), Millis(50));
    CHECK(late.error == "timeout while waiting for an OAuth2 token");
    RecordingHandler handler;
    connection.Start(Get(), In(Millis(9000)), handler);
  }
  config.oauth2 = ConfigFor(UnusedPort());
  HttpConnection connection(HttpClientContext::Create(loop, config), LoopbackUrl(1));
  CHECK(Contains(Exchange(loop, connection).error, "oauth2 token from http://127.0.0.1:"));
}

}  // namespace
}  // namespace limpet
