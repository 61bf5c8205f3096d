// Lists as the first events of a watch, and servers that have none.
#include <doctest/doctest.h>

#include "discovery/retry_after.h"
#include "tests/discovery/discovery_fixture.h"

namespace limpet {
namespace {

using Calls = std::vector<DiscoveryFixture::Call>;
using Sources = std::set<std::string>;

std::string ListEndText(const std::string& version) {
  return R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":")" + version +
         R"(","annotations":{"k8s.io/initial-events-end":"true"}}}})" + "\n";
}

class StreamingFixture : public DiscoveryFixture {
 public:
  StreamingFixture() { options_.watch.streaming_lists = true; }
  // The last request asks for a streaming list.
  void CheckStreaming() const {
    auto query = last_request().query;
    query.erase("timeoutSeconds");
    CHECK(query == std::map<std::string, std::string>{{"watch", "true"},
                                                      {"allowWatchBookmarks", "true"},
                                                      {"sendInitialEvents", "true"},
                                                      {"resourceVersionMatch", "NotOlderThan"}});
  }
  void CheckPlain() const {
    CHECK(last_request().query == std::map<std::string, std::string>{{"limit", "500"}});
  }
  void Stream(const std::string& events) {
    server_.Answer(WatchAnswer() + Chunk(events));
    Apply({Job("job", {Pods()})});
  }
};

TEST_CASE_FIXTURE(StreamingFixture, "a streaming list is a list and the watch behind it") {
  Stream(EventText("ADDED", {"a", "10.0.0.1", "900"}) + EventText("ADDED", {"b", "10.0.0.2", "3"}));
  Until([&] { return Known().size() == 2; });
  CheckStreaming();
  CHECK_FALSE(discovery_->AllListed());
  CHECK_FALSE(Status().connected);
  server_.Send(Chunk(BookmarkText("4")));  // one in between ends nothing
  for (int i = 0; i < 10; ++i) Turn();
  CHECK_FALSE(discovery_->AllListed());
  server_.Send(Chunk(ListEndText("1000")));
  Until([&] { return discovery_->AllListed(); });
  CHECK(Status().connected);
  CHECK(Status().lists_total == 1);
  CHECK(Status().watches_total == 1);
  server_.Send(Chunk(EventText("DELETED", {"a", "10.0.0.1", "1001"})));
  Until([&] { return Known() == Sources{"pod/default/b"}; });
  // The version to go on from.
  server_.Send(kLastChunk);
  UntilRequests(2);
  CHECK(last_request().query.at("resourceVersion") == "1001");
  CHECK_FALSE(last_request().query.contains("sendInitialEvents"));
  CHECK(Status().failures_total == 0);
}

TEST_CASE_FIXTURE(StreamingFixture, "a list anew tells differences only") {
  Stream(EventText("ADDED", {"same"}) + EventText("ADDED", {"moved", "10.0.0.2"}) +
         EventText("ADDED", {"gone", "10.0.0.3"}) + ListEndText("5"));
  Until([&] { return Status().connected; });
  calls_.clear();
  server_.Send(Chunk(ErrorEventText(410)));
  server_.Answer(WatchAnswer() + Chunk(EventText("ADDED", {"moved", "10.0.0.9"}) +
                                       EventText("ADDED", {"same"}) + ListEndText("9")));
  Until([&] { return Status().lists_total == 2; });
  CheckStreaming();
  std::vector<std::string> told;
  for (const auto& call : calls_) {
    told.insert(told.end(), call.sources.begin(), call.sources.end());
  }
  CHECK(told == std::vector<std::string>{"pod/default/moved", "-pod/default/gone"});
}

TEST_CASE_FIXTURE(StreamingFixture, "a server without them is asked once and then for plain ones") {
  for (const int status : {422, 400}) {
    CAPTURE(status);
    server_.Answer(JsonAnswer(status, StatusText(status, "sendInitialEvents is forbidden")));
    KubernetesSdConfig other = Pods();
    other.namespaces = {"n" + std::to_string(status)};
    other.api_server = *ParseUrl(server_.url() + "/" + std::to_string(status));
    KubernetesSdConfig late = other;
    late.namespaces = {"late"};
    Apply({Job("job", {other})});
    const size_t before = server_.requests().size();
    UntilRequests(before + 2);
    CheckPlain();
    CHECK(Status().failures_total == 0);
    server_.Answer(JsonAnswer(200, ListText("1", {{"a"}})));
    server_.Answer(WatchAnswer());
    Until([&] { return Status().connected; });
    CHECK(server_.requests().size() == before + 3);
    // Neither for what falls behind nor for another scope of the same server.
    server_.Send(Chunk(ErrorEventText(410)));
    UntilRequests(before + 4);
    CheckPlain();
    Apply({Job("job", {other, late})});
    UntilRequests(before + 5);
    CheckPlain();
    Apply({});
  }
}

TEST_CASE_FIXTURE(StreamingFixture, "a streaming list that breaks is followed by a plain one") {
  SUBCASE("broken off") {
    server_.Answer(WatchAnswer() + Chunk(EventText("ADDED", {"a"})), /*close=*/true);
  }
  SUBCASE("ended") {
    server_.Answer(WatchAnswer() + Chunk(EventText("ADDED", {"a"})) + std::string(kLastChunk));
  }
  SUBCASE("an error event") { server_.Answer(WatchAnswer() + Chunk(ErrorEventText(410))); }
  SUBCASE("nonsense") { server_.Answer(WatchAnswer() + Chunk("nonsense")); }
  SUBCASE("no version") { server_.Answer(WatchAnswer() + Chunk(ListEndText(""))); }
  SUBCASE("a server error") { server_.Answer(JsonAnswer(500, "oops")); }
  SUBCASE("a server that does not know what it was asked for") {
    options_.watch.streaming_silence_max = Millis(30);
    server_.Answer(WatchAnswer() + Chunk(EventText("ADDED", {"a"})));
  }
  SUBCASE("the same without any object") {
    options_.watch.streaming_silence_max = Millis(30);
    server_.Answer(WatchAnswer());
  }
  Apply({Job("job", {Pods()})});
  UntilRequests(1);
  CheckStreaming();
  UntilRequests(2);
  CheckPlain();
  CHECK_FALSE(discovery_->AllListed());
  CHECK(Status().failures_total == 1);
  CHECK_FALSE(Status().last_error.empty());
  server_.Answer(JsonAnswer(200, ListText("7", {{"b"}})));
  server_.Answer(WatchAnswer());
  Until([&] { return Status().connected; });
  CHECK(Known() == Sources{"pod/default/b"});
  // Once it is over, the next list may stream again.
  server_.Send(Chunk(ErrorEventText(410)));
  UntilRequests(4);
  CheckStreaming();
}

TEST_CASE_FIXTURE(StreamingFixture, "one that is forbidden, or finds nobody, is asked for again") {
  for (const int status : {403, 401, 429, 503, 502}) server_.Answer(JsonAnswer(status, "{}"));
  Apply({Job("job", {Pods()})});
  UntilRequests(6);
  CheckStreaming();
}

TEST_CASE("Retry-After: seconds and dates, within bounds") {
  const Millis max(300'000);
  const int64_t now_ms = 784'111'770'000;  // 1994-11-06 08:49:30
  const auto parse = [&](std::string_view text) { return ParseRetryAfter(text, now_ms, max); };
  CHECK(parse("0") == Millis(0));
  CHECK(parse("7") == Millis(7000));
  CHECK(parse("301") == max);
  CHECK(parse("99999999999999999999999") == max);
  CHECK(parse("Sun, 06 Nov 1994 08:49:37 GMT") == Millis(7000));
  CHECK(parse("Sunday, 06-Nov-94 08:49:37 GMT") == Millis(7000));
  CHECK(parse("Sun Nov  6 08:49:37 1994") == Millis(7000));
  CHECK(parse("Sun, 06 Nov 1994 08:49:00 GMT") == Millis(0));
  CHECK(parse("Sun, 06 Nov 2094 08:49:37 GMT") == max);
  for (const char* text : {"", "-1", "1.5", "soon", "Sun, 06 Nov 1994", "7 ", "0x7"}) {
    CAPTURE(text);
    CHECK(parse(text) == Millis(0));
  }
  CHECK(parse(std::string(1000, '7')) == Millis(0));
}

}  // namespace
}  // namespace limpet
