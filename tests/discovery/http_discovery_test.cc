// http_sd_configs: what is asked, what an answer may be, and what a bad one leaves alone.
#include <mutex>

#include "tests/discovery/discovery_fixture.h"
#include "tests/platform/answering_server.h"

namespace limpet {
namespace {

using Sources = std::set<std::string>;

std::string ListAnswer(const std::string& body,
                       const std::string& type = "Content-Type: application/json\r\n") {
  return AnswerOf("200 OK", body, type);
}

// A server whose answer can be changed while it runs.
class ListServer {
 public:
  explicit ListServer(std::string answer)
      : answer_(std::move(answer)), server_([this](const std::string&) {
          const std::lock_guard lock(mutex_);
          return answer_;
        }) {}

  void Set(std::string answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::string url(const std::string& target = "/sd") const { return server_.url(target); }
  std::vector<std::string> requests() const { return server_.requests(); }

 private:
  std::mutex mutex_;
  std::string answer_;
  AnsweringServer server_;
};

class HttpFixture : public DiscoveryFixture {
 public:
  static constexpr auto kOne = R"([{"targets": ["a:1", "a:2"], "labels": {"team": "x"}}])";

  static HttpSdConfig Sd(const std::string& url, Millis interval = Millis(30)) {
    HttpSdConfig config;
    config.url = ParseUrl(url).value();
    config.url_text = url;
    config.refresh_interval = interval;
    return config;
  }
  void ApplyHttp(const std::vector<HttpSdConfig>& configs) {
    ScrapeConfig job = Job("job", {});
    job.http_sd_configs = configs;
    Apply({job});
  }
  RefreshStatus Refresh() const {
    const auto all = discovery_->Refreshes();
    REQUIRE(all.size() == 1);
    return all[0];
  }
  void UntilAsked(uint64_t more) {
    const uint64_t wanted = Refresh().reads_total + more;
    Until([&] { return Refresh().reads_total >= wanted; });
  }
};

TEST_CASE_FIXTURE(HttpFixture, "the server is asked at once, and says who is there") {
  ListServer server(ListAnswer(kOne));
  HttpSdConfig sd = Sd(server.url("/sd?zone=a"), Millis(90'500));
  sd.http.authorization = AuthorizationConfig{"Bearer", Secret("s3cret"), ""};
  ApplyHttp({sd});
  CHECK_FALSE(discovery_->AllListed());
  CHECK(calls_.empty());
  Until([&] { return discovery_->AllListed(); });
  const std::string source = "http/" + server.url("/sd?zone=a") + ":0";
  CHECK(Known() == Sources{source});
  CHECK(groups_["job"][source].labels ==
        Labels{{"__meta_url", server.url("/sd?zone=a")}, {"team", "x"}});
  CHECK(groups_["job"][source].targets.size() == 2);
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("GET /sd?zone=a HTTP/1.1\r\n"));
  CHECK(Contains(requests[0], "\r\nAccept: application/json\r\n"));
  CHECK(Contains(requests[0], "\r\nX-Prometheus-Refresh-Interval-Seconds: 90.5\r\n"));
  CHECK(Contains(requests[0], "\r\nAuthorization: Bearer s3cret\r\n"));
  CHECK(Refresh().origin == server.url("/sd"));  // a query may hold a secret
  CHECK(Refresh().targets == 2);
}

TEST_CASE_FIXTURE(HttpFixture, "a changed list is taken up, the same one told to nobody") {
  ListServer server(ListAnswer(kOne));
  ApplyHttp({Sd(server.url())});
  Until([&] { return discovery_->AllListed(); });
  calls_.clear();
  UntilAsked(3);
  CHECK(calls_.empty());
  server.Set(ListAnswer(R"([{"targets": ["b:1"]}, {"targets": ["c:1"]}])"));
  Until([&] { return Known().size() == 2; });
  server.Set(ListAnswer("[]", "content-type: Application/JSON ; charset=\"UTF-8\"\r\n"));
  Until([&] { return Known().empty(); });
}

TEST_CASE_FIXTURE(HttpFixture, "a bad answer keeps the last good list") {
  ListServer server(ListAnswer(kOne));
  ApplyHttp({Sd(server.url())});
  Until([&] { return discovery_->AllListed(); });
  calls_.clear();
  const std::pair<std::string, const char*> cases[] = {
      {AnswerOf("500 No", kOne, "Content-Type: application/json\r\n"), "HTTP status 500"},
      {AnswerOf("204 None"), "HTTP status 204"},
      {ListAnswer(kOne, "Content-Type: text/plain\r\n"), "found \"text/plain\""},
      {ListAnswer(kOne, ""), "found \"\""},
      {ListAnswer(kOne, "Content-Type: application/json; charset=latin1\r\n"), "charset=latin1"},
      {ListAnswer(kOne, "Content-Type: application/json\r\nContent-Encoding: br\r\n"), "\"br\""},
      {ListAnswer("not gzip", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"), ""},
      {ListAnswer("[{]"), "answer:1:3: not valid JSON"},
      {ListAnswer("{\"targets\": []}"), "answer:1:1: expected a list of groups"},
      {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16777217\r\n\r\n",
       "larger than 16 MiB"},
      {"nonsense\r\n\r\n", ""},
      {"", ""},
  };
  for (const auto& [answer, error] : cases) {
    CAPTURE(answer);
    server.Set(answer);
    const uint64_t failures = Refresh().failures_total;
    // The second one at the latest was asked for after the change.
    Until([&] { return Refresh().failures_total >= failures + 2; });
    CHECK_FALSE(Refresh().last_error.empty());
    CHECK(Contains(Refresh().last_error, error));
    CHECK(Refresh().targets == 2);
    CHECK(Refresh().listed);
  }
  CHECK(calls_.empty());
  server.Set(ListAnswer("[]"));
  Until([&] { return Known().empty(); });
  CHECK(Refresh().last_error == "");
}

TEST_CASE_FIXTURE(HttpFixture, "what never answered well has not listed, and is tried on") {
  const uint16_t port = UnusedPort();
  ApplyHttp({Sd("http://127.0.0.1:" + std::to_string(port) + "/x")});
  UntilAsked(3);
  CHECK_FALSE(discovery_->AllListed());
  CHECK(Refresh().failures_total >= 2);
  CHECK_FALSE(Refresh().last_error.empty());
  CHECK(calls_.empty());
}

TEST_CASE_FIXTURE(HttpFixture, "jobs that ask for the same share the answers") {
  ListServer server(ListAnswer(kOne));
  ScrapeConfig one = Job("one", {});
  one.http_sd_configs = {Sd(server.url(), Millis(60'000))};
  ScrapeConfig two = one;
  two.job_name = "two";
  Apply({one, two});
  Until([&] { return discovery_->AllListed(); });
  CHECK(Known("one") == Known("two"));
  Apply({one, two});
  CHECK(server.requests().size() == 1);
  CHECK(Refresh().reads_total == 1);
}

TEST_CASE_FIXTURE(HttpFixture, "targets of a changed URL stay until the new one has answered") {
  ListServer before(ListAnswer(kOne));
  ListServer after(AnswerOf("503 Not Yet"));
  ApplyHttp({Sd(before.url(), Millis(60'000))});
  Until([&] { return discovery_->AllListed(); });
  ApplyHttp({Sd(after.url())});
  CHECK_FALSE(discovery_->AllListed());
  Until([&] { return after.requests().size() >= 2; });
  CHECK(Known() == Sources{"http/" + before.url() + ":0"});
  calls_.clear();
  after.Set(ListAnswer(kOne));
  Until([&] { return discovery_->Refreshes().size() == 1; });
  CHECK(Known() == Sources{"http/" + after.url() + ":0"});
  // What is new came first.
  REQUIRE(!calls_.empty());
  CHECK(calls_.front().sources == std::vector<std::string>{"http/" + after.url() + ":0"});
}

TEST_CASE_FIXTURE(HttpFixture, "a job without it takes the targets back at once") {
  ListServer server(ListAnswer(kOne));
  ApplyHttp({Sd(server.url())});
  Until([&] { return discovery_->AllListed(); });
  Apply({Job("job", {})});
  CHECK(Known().empty());
  CHECK(discovery_->Refreshes().empty());
}

}  // namespace
}  // namespace limpet
