// An API server that breaks off, refuses, expires versions, or sends nonsense.
#include <doctest/doctest.h>

#include "tests/discovery/discovery_fixture.h"
#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

using Calls = std::vector<DiscoveryFixture::Call>;
using Sources = std::set<std::string>;

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "a broken stream is taken up from the last event, without a LIST") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(EventText("ADDED", {"b", "10.0.0.2", "17"})));
  server_.Send("40\r\n" + EventText("ADDED", {"torn", "10.0.0.3", "18"}).substr(0, 30));
  server_.Close();
  UntilRequests(3);
  CHECK(last_request().query.at("watch") == "true");
  CHECK(last_request().query.at("resourceVersion") == "17");
  server_.Answer(WatchAnswer());
  Until([&] { return Status().watches_total == 2; });
  CHECK(Known() == Sources{"pod/default/a", "pod/default/b"});
  CHECK(Status().connected);
  CHECK(Status().lists_total == 1);
  CHECK(calls_ == Calls{{"job", {"pod/default/b"}}});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a watch that ends goes on from the last bookmark") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(EventText("MODIFIED", {"a", "10.0.0.1", "6"})));
  server_.Send(Chunk(BookmarkText("900")));
  server_.Send(kLastChunk);
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "900");
  CHECK(Status().failures_total == 0);
  CHECK(calls_.empty());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "watches that end at once are not opened in a tight loop") {
  server_.Answer(JsonAnswer(200, ListText("5", {{"a"}})));
  for (int i = 0; i < 50; ++i) server_.Answer(WatchAnswer().append(kLastChunk));
  Apply({Job("job", {Pods()})});
  Until([&] { return discovery_->AllListed() && Status().failures_total > 0; });
  CHECK_FALSE(Status().connected);
  CHECK(Status().last_error.find("ended as soon as") != std::string::npos);
  CHECK(last_request().query.at("resourceVersion") == "5");
}

void CheckRelist(DiscoveryFixture& fixture) {
  fixture.UntilRequests(fixture.server_.requests().size() + 1);
  CHECK_FALSE(fixture.last_request().query.contains("watch"));
  fixture.server_.Answer(JsonAnswer(200, ListText("70", {{"same", "10.0.0.1", "2"},
                                                         {"moved", "10.0.0.99", "3"},
                                                         {"new", "10.0.0.4", "4"}})));
  fixture.server_.Answer(WatchAnswer());
  fixture.Until([&] { return fixture.Status().watches_total >= 2; });
  CHECK(fixture.last_request().query.at("resourceVersion") == "70");
  // Only what differs is told: the changes first, then what is gone.
  std::vector<std::string> told;
  for (const auto& call : fixture.calls_) {
    told.insert(told.end(), call.sources.begin(), call.sources.end());
  }
  CHECK(told ==
        std::vector<std::string>{"pod/default/moved", "pod/default/new", "-pod/default/gone"});
  CHECK(fixture.Status().lists_total == 2);
}

const std::vector<PodText> kBefore = {{"same"}, {"moved", "10.0.0.2"}, {"gone", "10.0.0.3"}};

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "410 as an ERROR event leads to a LIST that tells differences") {
  Watching("5", kBefore);
  server_.Send(Chunk(ErrorEventText(410)));
  CheckRelist(*this);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "410 as a status leads to a LIST that tells differences") {
  Watching("5", kBefore);
  server_.Answer(JsonAnswer(410, StatusText(410, "too old")));
  server_.Send(Chunk(BookmarkText("6")));
  server_.Send(kLastChunk);
  Until([&] { return server_.requests().size() == 3; });
  CHECK(last_request().query.at("resourceVersion") == "6");
  CheckRelist(*this);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "an ERROR event of another kind keeps the version") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(EventText("MODIFIED", {"a", "10.0.0.1", "6"}) + ErrorEventText(500)));
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "6");
  CHECK(Status().failures_total == 1);
  CHECK(Status().last_error.find("ERROR event 500: test error") != std::string::npos);
  CHECK(Known() == Sources{"pod/default/a"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a page that has expired starts the LIST over") {
  server_.Answer(JsonAnswer(200, ListText("100", {{"a"}, {"b"}}, "next")));
  server_.Answer(JsonAnswer(410, StatusText(410, "expired")));
  server_.Answer(JsonAnswer(200, ListText("200", {{"a"}})));
  server_.Answer(WatchAnswer());
  Apply({Job("job", {Pods()})});
  UntilRequests(4);
  CHECK(server_.requests()[1].query.at("continue") == "next");
  CHECK_FALSE(server_.requests()[2].query.contains("continue"));
  CHECK(server_.requests()[3].query.at("resourceVersion") == "200");
  CHECK(Known() == Sources{"pod/default/a"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a page that fails is asked for again") {
  server_.Answer(JsonAnswer(200, ListText("100", {{"a"}}, "next")));
  server_.Answer(JsonAnswer(500, "oops"));
  server_.Answer(JsonAnswer(200, ListText("100", {{"b"}})));
  server_.Answer(WatchAnswer());
  Apply({Job("job", {Pods()})});
  UntilRequests(4);
  CHECK(server_.requests()[2].query.at("continue") == "next");
  CHECK(Known() == Sources{"pod/default/a", "pod/default/b"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "refusals and errors are tried again, and targets stay") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(BookmarkText("6")));
  server_.Send(kLastChunk);
  server_.Answer(JsonAnswer(403, StatusText(403, "pods is forbidden")));
  UntilRequests(3);
  Until([&] { return Status().failures_total == 1; });
  CHECK(Status().last_error == "WATCH /api/v1/pods: HTTP status 403: pods is forbidden");
  CHECK_FALSE(Status().connected);
  CHECK(discovery_->AllListed());
  for (const int status : {401, 403, 403, 429, 429, 429, 404, 401, 504, 503, 502, 503, 503}) {
    server_.Answer(JsonAnswer(status, "<html>no JSON</html>"));
  }
  server_.Answer("", /*close=*/true);
  server_.Answer("", /*close=*/true);
  server_.Answer("HTTP/1.1 nonsense\r\n\r\n");
  UntilRequests(20);
  CHECK(last_request().query.at("resourceVersion") == "6");
  server_.Answer(WatchAnswer());
  Until([&] { return Status().connected; });
  CHECK(Status().last_error.empty());
  CHECK(Status().lists_total == 1);
  CHECK(Known() == Sources{"pod/default/a"});
  CHECK(calls_.empty());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a WATCH that is refused again and again leads to a LIST") {
  Watching("5", kBefore);
  SUBCASE("by statuses") {
    server_.Send(Chunk(BookmarkText("6")));
    server_.Send(kLastChunk);
    for (const int status : {500, 504, 302}) server_.Answer(JsonAnswer(status, "oops"));
    UntilRequests(5);
  }
  SUBCASE("by ERROR events") {
    server_.Send(Chunk(BookmarkText("6") + ErrorEventText(504)));
    for (int i = 0; i < 2; ++i) {
      server_.Answer(WatchAnswer() + Chunk(ErrorEventText(504)), /*close=*/true);
    }
    UntilRequests(4);
  }
  CHECK(last_request().query.at("resourceVersion") == "6");
  // Some that say nothing about the version did not matter to it; LISTs may fail meanwhile.
  UntilRequests(server_.requests().size() + 1);
  CHECK_FALSE(last_request().query.contains("resourceVersion"));
  CHECK(Known().contains("pod/default/gone"));
  server_.Answer(JsonAnswer(500, "oops"));
  const size_t listed = server_.requests().size() + 1;
  UntilRequests(listed);
  CHECK_FALSE(last_request().query.contains("watch"));
  server_.Answer(JsonAnswer(200, ListText("3", {{"same", "10.0.0.1", "2"}})));
  // The count starts anew.
  for (int i = 0; i < 2; ++i) server_.Answer(JsonAnswer(500, "oops"));
  server_.Answer(WatchAnswer());
  Until([&] { return Status().connected; });
  CHECK(server_.requests().size() == listed + 3);
  CHECK(last_request().query.at("resourceVersion") == "3");
  CHECK(Status().lists_total == 2);
  CHECK(Known() == Sources{"pod/default/same"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "refusals with progress in between lead to no LIST") {
  Watching("5", {{"a"}});
  for (int i = 6; i < 11; ++i) {
    const std::string version = std::to_string(i);
    server_.Send(Chunk(BookmarkText(version) + ErrorEventText(500)));
    server_.Answer(JsonAnswer(500, "oops"));
    server_.Answer(WatchAnswer());
    UntilRequests(server_.requests().size() + 2);
    Until([&] { return Status().connected; });
    CHECK(last_request().query.at("resourceVersion") == version);
  }
  CHECK(Status().lists_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a LIST that is forbidden, then allowed") {
  server_.Answer(JsonAnswer(403, StatusText(403, "no")));
  server_.Answer(JsonAnswer(403, StatusText(403, "no")));
  Apply({Job("job", {Pods()})});
  UntilRequests(3);
  CHECK_FALSE(discovery_->AllListed());
  CHECK_FALSE(Status().listed);
  server_.Answer(JsonAnswer(200, ListText("1", {{"a"}})));
  server_.Answer(WatchAnswer());
  Until([&] { return Status().connected; });
  CHECK(discovery_->AllListed());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "Retry-After is kept to") {
  options_.watch.retry_after_max = Millis(100);  // far more than the back-off
  server_.Answer(JsonAnswer(429, "{}", "Retry-After: 1\r\n"));
  const auto before = std::chrono::steady_clock::now();
  Apply({Job("job", {Pods()})});
  UntilRequests(2);
  CHECK(std::chrono::steady_clock::now() - before >= options_.watch.retry_after_max);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a version that the server does not understand is given up") {
  Watching("nonsense", {{"a"}});
  server_.Send(Chunk(BookmarkText("worse")));
  server_.Send(kLastChunk);
  server_.Answer(JsonAnswer(400, StatusText(400, "invalid resource version")));
  UntilRequests(4);
  CHECK(server_.requests()[2].query.at("resourceVersion") == "worse");
  CHECK_FALSE(server_.requests()[3].query.contains("watch"));
}

TEST_CASE_FIXTURE(DiscoveryFixture, "nonsense in a watch leads to a LIST, and targets stay") {
  const char* const kNonsense[] = {"hello",
                                   "[1,2]\n",
                                   "{]\n",
                                   "{\"type\":\"ADDED\",}\n",
                                   "{\"type\":\"WHAT\",\"object\":{}}\n",
                                   "{}\n",
                                   "\xff\xfe",
                                   "{\"a\":\"\xff\"}\n"};
  Watching("5", {{"a"}});
  size_t requests = 2;
  for (const char* text : kNonsense) {
    CAPTURE(text);
    server_.Send(Chunk(text));
    UntilRequests(++requests);
    CHECK_FALSE(last_request().query.contains("watch"));
    CHECK_FALSE(Status().last_error.empty());
    CHECK(Known() == Sources{"pod/default/a"});
    server_.Answer(JsonAnswer(200, ListText("6", {{"a"}})));
    server_.Answer(WatchAnswer());
    UntilRequests(++requests);
    Until([&] { return Status().connected; });
  }
  CHECK(calls_.empty());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "nonsense in a LIST is a LIST that failed") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(ErrorEventText(410)));
  const std::string good = ListText("6", {{"b", "10.0.0.2"}});
  std::vector<std::string> bodies = {"",
                                     "null",
                                     "{}",
                                     "[]",
                                     "{\"items\":[]}",
                                     "{\"items\":[7]}",
                                     "{\"items\":[{\"metadata\":{]}]}",
                                     good + good,
                                     std::string(1000, '['),
                                     "{\"metadata\":{\"resourceVersion\":7},\"items\":[]}"};
  for (size_t cut = 1; cut + 1 < good.size(); cut += 17) bodies.push_back(good.substr(0, cut));
  size_t requests = 2;
  for (const std::string& body : bodies) {
    CAPTURE(body);
    UntilRequests(++requests);
    CHECK_FALSE(last_request().query.contains("watch"));
    server_.Answer(JsonAnswer(200, body));
  }
  UntilRequests(++requests);
  CHECK_FALSE(last_request().query.contains("watch"));
  CHECK(Known().contains("pod/default/a"));
  CHECK(Status().lists_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "an event that is too large is passed over") {
  options_.watch.object_bytes_max = 4096;
  Watching("5", {{"a"}});
  PodText huge{"huge", "10.0.0.9", "6"};
  huge.phase = std::string(100'000, 'x');
  server_.Send(Chunk(EventText("ADDED", huge)));
  server_.Send(Chunk(EventText("ADDED", {"b", "10.0.0.2", "7"})));
  Until([&] { return Known() == Sources{"pod/default/a", "pod/default/b"}; });
  server_.Send(kLastChunk);
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "7");
  CHECK(Status().failures_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a page that is too large is a LIST that failed") {
  options_.watch.page_bytes_max = 10'000;
  std::vector<PodText> pods;
  for (int i = 0; i < 200; ++i) pods.push_back({"p" + std::to_string(i)});
  server_.Answer(JsonAnswer(200, ListText("5", pods)));
  Apply({Job("job", {Pods()})});
  Until([&] { return Status().failures_total == 1; });
  CHECK(Status().last_error.find("more than 10000 bytes") != std::string::npos);
  CHECK_FALSE(discovery_->AllListed());
}

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "a server that answers nothing is given up after the deadline") {
  options_.watch.list_deadline = Millis(30);
  Apply({Job("job", {Pods()})});
  UntilRequests(3);  // two of them without an answer
  CHECK(Status().failures_total >= 2);
  CHECK_FALSE(Status().last_error.empty());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "an open watch outlives the deadline for its answer to begin") {
  options_.watch.list_deadline = Millis(500);
  Watching("5", {{"a"}});
  const auto connected = std::chrono::steady_clock::now();
  Until([&] { return std::chrono::steady_clock::now() - connected > Millis(700); });
  CHECK(Status().connected);
  CHECK(server_.requests().size() == 2);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a watch that has fallen silent is opened again") {
  options_.watch.watch_silence_max = Millis(50);
  Watching("5", {{"a"}});
  server_.Send(Chunk(BookmarkText("6")));
  UntilRequests(3);
  CHECK(last_request().query.at("watch") == "true");
  CHECK(last_request().query.at("resourceVersion") == "6");
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a watch that outlives its own timeout is opened again") {
  options_.watch.watch_timeout_min = options_.watch.watch_timeout_max = Millis(1000);
  options_.watch.watch_grace = Millis(0);
  Watching("5", {{"a"}});
  CHECK(last_request().query.at("timeoutSeconds") == "1");
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "5");
  CHECK(Known() == Sources{"pod/default/a"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a kubeconfig that leads elsewhere is a new beginning") {
  const TemporaryDirectory directory;
  const auto write = [&](const std::string& name_space) {
    directory.Write(
        "config",
        "{current-context: x, contexts: [{name: x, context: {cluster: c, namespace: " + name_space +
            "}}], clusters: [{name: c, cluster: {server: '" + server_.url() + "'}}]}");
  };
  write("one");
  KubernetesSdConfig pods = Pods();
  pods.api_server.reset();
  pods.kubeconfig_file = directory.File("config");
  pods.own_namespace = true;
  server_.Answer(JsonAnswer(200, ListText("5", {{"a"}})));
  server_.Answer(WatchAnswer());
  Apply({Job("job", {pods})});
  Until([&] { return Status().connected; });
  write("two");
  server_.Send(Chunk(ErrorEventText(500)));
  UntilRequests(3);
  CHECK(last_request().path == "/api/v1/namespaces/two/pods");
  CHECK_FALSE(last_request().query.contains("watch"));
  server_.Answer(JsonAnswer(200, ListText("2", {})));
  Until([&] { return Known().empty(); });
}

}  // namespace
}  // namespace limpet
