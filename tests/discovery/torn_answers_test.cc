// Answers that break off at every byte, come a byte at a time, twice, in the wrong order, or
// without a version: what is known afterwards is what there is, with as few LISTs as that takes.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/discovery/discovery_fixture.h"

namespace limpet {
namespace {

using Calls = std::vector<DiscoveryFixture::Call>;
using Sources = std::set<std::string>;

// Versions 6 to 10; the bookmark is one of them.
const std::vector<std::string> kEvents = {
    EventText("ADDED", {"b", "10.0.0.2", "6"}), EventText("MODIFIED", {"b", "10.0.0.22", "7"}),
    EventText("ADDED", {"c", "10.0.0.3", "8"}), BookmarkText("9"),
    EventText("DELETED", {"b", "10.0.0.22", "10"})};

// A chunk each.
std::string ChunksAfter(const std::string& version) {
  std::string text;
  for (size_t i = std::stoul(version) - 5; i < kEvents.size(); ++i) text += Chunk(kEvents[i]);
  return text;
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a watch that is closed at any byte is taken up where it was") {
  const std::string all = WatchAnswer() + ChunksAfter("5");
  std::string version;
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    CAPTURE(cut);
    discovery_.reset();
    groups_.clear();
    const size_t before = server_.requests().size();
    server_.Answer(JsonAnswer(200, ListText("5", {{"a"}})));
    server_.Answer(all.substr(0, cut), /*close=*/true);
    Apply({Job("job", {Pods()})});
    UntilRequests(before + 3);
    REQUIRE(last_request().query.contains("resourceVersion"));
    version = last_request().query.at("resourceVersion");
    server_.Answer(WatchAnswer() + ChunksAfter(version));
    Until([&] {
      return server_.waiting() == 0 && Known() == Sources{"pod/default/a", "pod/default/c"};
    });
    CHECK(Status().lists_total == 1);
  }
  CHECK(version == "10");
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a LIST that is closed at any byte is asked for again") {
  const std::string whole = JsonAnswer(200, ListText("5", {{"a"}, {"b", "10.0.0.2"}}));
  for (size_t cut = 0; cut < whole.size(); cut += 3) {
    CAPTURE(cut);
    discovery_.reset();
    groups_.clear();
    server_.Answer(whole.substr(0, cut), /*close=*/true);
    const size_t before = server_.requests().size();
    Apply({Job("job", {Pods()})});
    UntilRequests(before + 2);
    CHECK_FALSE(discovery_->AllListed());
    CHECK(last_request().query == std::map<std::string, std::string>{{"limit", "500"}});
    server_.Answer(JsonAnswer(200, ListText("6", {{"b", "10.0.0.2"}})));
    server_.Answer(WatchAnswer());
    Until([&] { return Status().connected; });
    CHECK(last_request().query.at("resourceVersion") == "6");
    CHECK(Known() == Sources{"pod/default/b"});
  }
}

TEST_CASE_FIXTURE(DiscoveryFixture, "answers may come a byte at a time") {
  const std::string list = JsonAnswer(200, ListText("5", {{"a"}}));
  const std::string watch = WatchAnswer() + ChunksAfter("5") + std::string(kLastChunk);
  Apply({Job("job", {Pods()})});
  for (const std::string& answer : {list, watch}) {
    UntilRequests(server_.requests().size() + 1);
    for (const char c : answer) {
      server_.Send({&c, 1});
      Turn();
    }
  }
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "10");
  CHECK(Known() == Sources{"pod/default/a", "pod/default/c"});
  CHECK(Status().failures_total == 0);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a LIST that trickles without end is given up") {
  options_.watch.list_deadline = Millis(100);
  Apply({Job("job", {Pods()})});
  UntilRequests(1);
  server_.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunk(R"({"items":[)"));
  Until([&] {
    if (server_.requests().size() == 1) server_.Send(Chunk(" "));
    return Status().failures_total == 1;
  });
  UntilRequests(2);
  CHECK_FALSE(last_request().query.contains("watch"));
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a watch that ends within an event goes on before that event") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(kEvents[0] + kEvents[1].substr(0, 50)) + std::string(kLastChunk));
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "6");
  server_.Answer(WatchAnswer() + ChunksAfter("6"));
  Until([&] { return Known() == Sources{"pod/default/a", "pod/default/c"}; });
  CHECK(Status().lists_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "events that come twice change nothing, and in any order") {
  Watching("5", {{"a"}});
  const std::string added = EventText("ADDED", {"b", "10.0.0.2", "6"});
  server_.Send(Chunk(added) + Chunk(added) + Chunk(EventText("MODIFIED", {"b", "10.0.0.2", "6"})) +
               Chunk(EventText("ADDED", {"a", "10.0.0.1", "1"})) + Chunk(added));
  Until([&] { return calls_.size() == 1; });
  CHECK(calls_ == Calls{{"job", {"pod/default/b"}}});
  // Gone twice, gone before it was there, changed before it was added.
  const std::string gone = EventText("DELETED", {"b", "10.0.0.2", "7"});
  server_.Send(Chunk(gone) + Chunk(gone) + Chunk(EventText("DELETED", {"d", "10.0.0.4", "8"})) +
               Chunk(EventText("MODIFIED", {"c", "10.0.0.3", "9"})));
  Until([&] { return Known() == Sources{"pod/default/a", "pod/default/c"}; });
  CHECK(Status().objects == 2);
  // Gone and there again, at once: one change, of the address.
  calls_.clear();
  server_.Send(Chunk(EventText("DELETED", {"c", "10.0.0.3", "10"}) +
                     EventText("ADDED", {"c", "10.0.0.33", "11"})));
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == Calls{{"job", {"pod/default/c"}}});
  CHECK(groups_["job"]["pod/default/c"].targets[0].Get("__address__") == "10.0.0.33:80");
  CHECK(Status().failures_total == 0);
}

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "events without a version, or with what is none, keep the last") {
  Watching("5", {{"a"}});
  const auto with_version = [](const std::string& name, const std::string& json) {
    std::string text = EventText("ADDED", {name, "10.0.0.2", "VERSION"});
    return text.replace(text.find("\"VERSION\""), 9, json);
  };
  server_.Send(Chunk(EventText("ADDED", {"b", "10.0.0.2", "6"})));
  size_t count = 2;
  for (const std::string& json : {std::string("\"\""), std::string("7"), std::string("null"),
                                  std::string("{}"), "\"" + std::string(1000, '7') + "\""}) {
    CAPTURE(json);
    server_.Send(Chunk(with_version("n" + std::to_string(++count), json)));
    Until([&] { return Known().size() == count; });
  }
  server_.Send(kLastChunk);
  UntilRequests(3);
  CHECK(last_request().query.at("resourceVersion") == "6");
  CHECK(Status().failures_total == 0);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "JSON that is too deep ends the watch, not the process") {
  Watching("5", {{"a"}});
  std::string deep = R"({"type":"ADDED","object":)";
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  server_.Send(Chunk(deep));
  UntilRequests(3);
  CHECK_FALSE(last_request().query.contains("watch"));
  CHECK(Status().last_error.find("nested deeper") != std::string::npos);
  CHECK(Known() == Sources{"pod/default/a"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "what cannot be a pod's name is passed over") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(EventText("ADDED", {"", "10.0.0.2", "6"})) +
               Chunk(EventText("ADDED", {std::string(254, 'n'), "10.0.0.2", "7"})) +
               Chunk(R"({"type":"ADDED","object":7})") + Chunk(R"({"type":"DELETED"})") +
               Chunk(R"({"type":"DELETED","object":{"metadata":[]}})") +
               Chunk(EventText("ADDED", {"b", "10.0.0.2", "8"})));
  Until([&] { return Known().size() == 2; });
  CHECK(Status().objects == 2);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a watch that is throttled waits and keeps its version") {
  options_.watch.retry_after_max = Millis(100);  // far more than the back-off
  Watching("5", {{"a"}});
  server_.Send(Chunk(BookmarkText("6")));
  const auto before = std::chrono::steady_clock::now();
  SUBCASE("by statuses") {
    server_.Send(kLastChunk);
    server_.Answer(JsonAnswer(429, StatusText(429, "slowly"), "Retry-After: 1\r\n"));
  }
  SUBCASE("by an ERROR event") {
    server_.Send(Chunk(R"({"type":"ERROR","object":{"code":429,"reason":"TooManyRequests",)"
                       R"("details":{"retryAfterSeconds":1}}})"));
  }
  Until([&] { return Status().failures_total == 1; });
  UntilRequests(server_.requests().size() + 1);
  CHECK(std::chrono::steady_clock::now() - before >= options_.watch.retry_after_max);
  CHECK(last_request().query.at("resourceVersion") == "6");
  CHECK(Status().lists_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "ERROR events that are odd") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(BookmarkText("6")));
  SUBCASE("gone, by its reason alone") {
    server_.Send(Chunk(R"({"type":"ERROR","object":{"reason":"Expired"}})"));
    UntilRequests(3);
    CHECK_FALSE(last_request().query.contains("watch"));
    CHECK(Status().failures_total == 0);
  }
  SUBCASE("without an object") {
    server_.Send(Chunk(R"({"type":"ERROR"})"));
    UntilRequests(3);
    CHECK(last_request().query.at("resourceVersion") == "6");
    CHECK(Status().failures_total == 1);
  }
  SUBCASE("with a message without end") {
    server_.Send(
        Chunk(R"({"type":"ERROR","object":)" + StatusText(500, std::string(100'000, 'x')) + "}"));
    UntilRequests(3);
    CHECK(Status().last_error.size() < 1000);
  }
  CHECK(Known() == Sources{"pod/default/a"});
}

}  // namespace
}  // namespace limpet
