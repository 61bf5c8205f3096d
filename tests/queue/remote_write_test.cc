// Starting, stopping and changing receivers.
#include "queue/remote_write.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/platform/file_system.h"
#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

struct Fixture {
  bool RunUntilAcknowledged(const std::string& receiver, uint64_t scrapes) {
    return RunLoopUntil(loop, [&] { return log.acknowledged[receiver] == scrapes; });
  }
  ReceiverStatus Status(const std::string& name) const {
    for (const ReceiverStatus& status : remote_write.Status()) {
      if (status.name == name) return status;
    }
    FAIL("no receiver " << name);
    return {};
  }

  EventLoop loop;
  FakeLog log;
  RemoteWrite remote_write{loop, SystemClock(), log};
  FakeTarget target{"node", 4};
};

TEST_CASE("each receiver gets everything, a dead one holds up none") {
  ScriptedReceiver one;
  ScriptedReceiver two;
  uint16_t dead = 0;
  { dead = ScriptedReceiver().port(); }
  Fixture f;
  f.remote_write.Apply(
      {QuickConfig(dead, "dead"), QuickConfig(one.port(), "one"), QuickConfig(two.port(), "two")},
      {});
  CHECK(f.log.kept == std::vector<std::string>{"dead", "one", "two"});
  for (int i = 0; i < 20; ++i) f.target.Scrape(f.log, kTimeMs + i, i);
  CHECK(f.RunUntilAcknowledged("one", 20));
  CHECK(f.RunUntilAcknowledged("two", 20));
  CHECK(RunLoopUntil(f.loop, [&] { return !f.Status("dead").healthy; }));
  CHECK(f.Status("dead").backlog_bytes == 20'000);
  CHECK(f.Status("one").healthy);
}

TEST_CASE("a receiver that stays the same goes on undisturbed, with the new external labels") {
  ScriptedReceiver receiver;
  Fixture f;
  f.remote_write.Apply({QuickConfig(receiver.port())}, Labels{{"cluster", "one"}});
  f.target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged("receiver", 1));
  f.remote_write.Apply({QuickConfig(receiver.port())}, Labels{{"cluster", "two"}});
  f.target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntilAcknowledged("receiver", 2));
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].connection == 1);
  CHECK(DecodeBody(requests[0].body).timeseries(0).labels(1).value() == "one");
  CHECK(DecodeBody(requests[1].body).timeseries(0).labels(1).value() == "two");
}

TEST_CASE("a changed receiver goes on from its cursor and keeps its counts") {
  ScriptedReceiver before;
  ScriptedReceiver after;
  Fixture f;
  f.remote_write.Apply({QuickConfig(before.port())}, {});
  f.target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged("receiver", 1));
  // Under way while the change comes.
  ScriptedAnswer hang;
  hang.then_hang = true;
  before.Add(hang);
  f.target.Scrape(f.log, kTimeMs + 1, 2);
  REQUIRE(RunLoopUntil(f.loop, [&] { return before.count() == 2; }));
  f.log.lost["receiver"].max_bytes = 7;
  f.remote_write.Apply({QuickConfig(after.port())}, {});
  f.target.Scrape(f.log, kTimeMs + 2, 3);
  REQUIRE(f.RunUntilAcknowledged("receiver", 3));
  const auto samples = SamplesBySeries(after.requests()).at("node_0");
  CHECK(samples == std::vector<std::pair<int64_t, double>>{{kTimeMs + 1, 2}, {kTimeMs + 2, 3}});
  const ReceiverStatus status = f.Status("receiver");
  CHECK(status.samples_sent_total == 12);
  CHECK(status.samples_dropped_total == std::map<std::string, uint64_t>{{"log_full", 7}});
  CHECK(status.healthy);
}

TEST_CASE("a receiver that is gone is forgotten; a new one begins now, or at the oldest record") {
  ScriptedReceiver receiver;
  Fixture f;
  f.remote_write.Apply({QuickConfig(receiver.port(), "old")}, {});
  f.target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged("old", 1));
  f.remote_write.Apply({QuickConfig(receiver.port(), "new")}, {});
  CHECK(f.log.kept == std::vector<std::string>{"new"});
  CHECK(f.remote_write.Status().size() == 1);
  REQUIRE(f.RunUntilAcknowledged("new", 1));
  CHECK(receiver.count() == 1);
  RemoteWriteConfig all = QuickConfig(receiver.port(), "all");
  all.start_at = ReceiverStart::kOldest;
  f.remote_write.Apply({all}, {});
  REQUIRE(f.RunUntilAcknowledged("all", 1));
  CHECK(receiver.count() == 2);
  f.remote_write.Apply({}, {});
  CHECK(f.remote_write.Status().empty());
  f.target.Scrape(f.log, kTimeMs, 1);
  f.loop.RunFor(Millis(5));
}

TEST_CASE("a CA file that cannot be read is shown at once and concerns that receiver alone") {
  ScriptedReceiver receiver;
  Fixture f;
  RemoteWriteConfig broken = QuickConfig(receiver.port(), "broken");
  broken.url.scheme = "https";
  broken.http.tls.ca_file = "/nowhere/ca.crt";
  f.remote_write.Apply({broken, QuickConfig(receiver.port(), "good")}, {});
  CHECK_FALSE(f.Status("broken").healthy);
  CHECK(f.Status("broken").last_error.find("/nowhere/ca.crt") != std::string::npos);
  CHECK(f.Status("good").healthy);
  f.target.Scrape(f.log, kTimeMs, 1);
  CHECK(f.RunUntilAcknowledged("good", 1));
  f.loop.RunFor(Millis(50));
  CHECK_FALSE(f.Status("broken").healthy);
  CHECK(f.log.acknowledged["broken"] == 0);
}

TEST_CASE("write_relabel_configs that drop samples count them, and the cursor moves on") {
  ScriptedReceiver receiver;
  Fixture f;
  RemoteWriteConfig config = QuickConfig(receiver.port());
  RelabelRule drop;
  drop.action = RelabelAction::kDrop;
  drop.source_labels = {"__name__"};
  drop.regex = AnchoredRegex::Compile("node_.*").value();
  config.write_relabel_configs = {drop};
  f.remote_write.Apply({config}, {});
  f.target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged("receiver", 1));
  CHECK(receiver.count() == 0);
  CHECK(f.Status("receiver").samples_dropped_total ==
        std::map<std::string, uint64_t>{{"write_relabel", 4}});
  FakeTarget("other", 2).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged("receiver", 2));
  CHECK(receiver.count() == 1);
}

TEST_CASE("an outage and a restart on a real log lose nothing") {
  char directory[] = "/tmp/limpet_remote_write_test.XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  LogOptions options;
  options.directory = directory;
  options.segment_bytes = 16 * 1024;
  uint16_t port = 0;
  { port = ScriptedReceiver().port(); }
  const FakeTarget target("node", 40);
  constexpr int kScrapes = 400;
  {
    EventLoop loop;
    auto log = Log::Open(loop, PosixFileSystem(), SystemClock(), options).value();
    RemoteWrite remote_write(loop, SystemClock(), *log);
    remote_write.Apply({QuickConfig(port)}, {});
    for (int i = 0; i < kScrapes / 2; ++i) target.Scrape(*log, kTimeMs + i, i * 1.5);
    REQUIRE(RunLoopUntil(loop, [&] { return remote_write.Status()[0].requests_total[0] > 1; }));
    CHECK(remote_write.Status()[0].backlog_bytes > 0);
    log->Close(Millis(5000));
  }
  {
    ScriptedReceiver receiver({Answer(500)}, port);
    EventLoop loop;
    auto log = Log::Open(loop, PosixFileSystem(), SystemClock(), options).value();
    RemoteWrite remote_write(loop, SystemClock(), *log);
    remote_write.Apply({QuickConfig(port)}, {});
    for (int i = kScrapes / 2; i < kScrapes; ++i) target.Scrape(*log, kTimeMs + i, i * 1.5);
    const bool all = RunLoopUntil(loop, [&] {
      const ReceiverStatus status = remote_write.Status()[0];
      return status.samples_sent_total >= 40 * kScrapes && status.backlog_bytes == 0;
    });
    ReceiverStatus status = remote_write.Status()[0];
    CAPTURE(status.samples_sent_total);
    CAPTURE(status.backlog_bytes);
    CAPTURE(status.last_error);
    CAPTURE(status.samples_dropped_total["log_full"]);
    REQUIRE(all);
    auto requests = receiver.requests();
    requests.erase(requests.begin());  // the one answered with 500
    const auto by_series = SamplesBySeries(requests);
    REQUIRE(by_series.size() == 40);
    for (const auto& [name, samples] : by_series) {
      REQUIRE(samples.size() == kScrapes);
      for (int i = 0; i < kScrapes; ++i) CHECK(samples[i].first == kTimeMs + i);
    }
    log->Close(Millis(5000));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace limpet
