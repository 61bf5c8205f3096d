// Batches, splitting, ageing and order: what a sender does with the log.
#include "queue/sender.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

TEST_CASE("a scrape is delivered with exactly the protocol's headers and then acknowledged") {
  ScriptedReceiver receiver({Answer(200), Answer(204)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.http.headers = {{"X-Scope-OrgID", "tenant"},
                           {"content-type", "text/plain"},
                           {"User-Agent", "other"},
                           {"X-PROMETHEUS-remote-write-version", "9"},
                           {"content-ENCODING", "gzip"}};
  f.Start();
  const FakeTarget target("node", 3);
  target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  target.Scrape(f.log, kTimeMs + 1000, 2);
  REQUIRE(f.RunUntilAcknowledged(2));

  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].connection == 1);
  CHECK(requests[0].line == "POST /api/v1/write HTTP/1.1");
  auto headers = requests[0].headers;
  CHECK(headers["content-encoding"] == "snappy");
  CHECK(headers["content-type"] == "application/x-protobuf");
  CHECK(headers["x-prometheus-remote-write-version"] == "0.1.0");
  CHECK(headers["user-agent"] == "limpet/" LIMPET_VERSION);
  CHECK(headers["x-scope-orgid"] == "tenant");
  CHECK_FALSE(headers.contains("authorization"));
  remote_write_v1::WriteRequest expected;
  SlowEncode(f.log.scrapes[0].View(), f.external_labels, {}, expected);
  CHECK(ToText(DecodeBody(requests[0].body)) == ToText(expected));

  const ReceiverStatus status = f.status();
  CHECK(status.healthy);
  CHECK(status.samples_sent_total == 6);
  CHECK(status.highest_sent_timestamp_ms == kTimeMs + 1000);
  CHECK(status.requests_total == std::map<int, uint64_t>{{200, 1}, {204, 1}});
  CHECK(status.bytes_sent_total == requests[0].body.size() + requests[1].body.size());
  CHECK(status.request_seconds.count() == 2);
  CHECK(status.backlog_bytes == 0);
  CHECK(status.last_success_ms > 0);
}

TEST_CASE("nothing is acknowledged before the 2xx") {
  ScriptedAnswer late = Answer(200);
  late.after_release = true;
  ScriptedReceiver receiver({late});
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  FakeTarget("node", 2).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return receiver.count() == 1; }));
  f.loop.RunFor(Millis(10));
  CHECK(f.log.acknowledged["receiver"] == 0);
  receiver.Release();
  CHECK(f.RunUntilAcknowledged(1));
}

TEST_CASE("a batch goes when it is full or when its first sample has waited long enough") {
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.max_samples_per_send = 6;
  f.config.queue.batch_send_deadline = Millis(3'600'000);
  f.Start();
  const FakeTarget target("node", 4);
  target.Scrape(f.log, kTimeMs, 1);
  f.loop.RunFor(Millis(10));
  CHECK(receiver.count() == 0);
  target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntil([&] { return receiver.count() == 1; }));
  CHECK(DecodeBody(receiver.requests()[0].body).timeseries_size() == 6);
  // The second scrape is only half delivered.
  CHECK(f.RunUntilAcknowledged(1));
  target.Scrape(f.log, kTimeMs + 2, 1);
  CHECK(f.RunUntilAcknowledged(3));
  CHECK(receiver.count() == 2);
}

TEST_CASE("a scrape bigger than a batch is split, and the cursor moves at its end") {
  ScriptedReceiver receiver({Answer(200), Answer(200), Answer(500), Answer(200)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.max_samples_per_send = 4;
  f.config.queue.min_backoff = f.config.queue.max_backoff = Millis(3'600'000);
  f.Start();
  FakeTarget("node", 10).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[500] == 1; }));
  CHECK(f.log.acknowledged["receiver"] == 0);
  CHECK(f.status().samples_sent_total == 8);
  f.sender.reset();
  f.config.queue.min_backoff = Millis(1);
  f.Start();
  CHECK(f.RunUntilAcknowledged(1));
}

TEST_CASE("a receiver that is not there yet gets everything once it is") {
  uint16_t port = 0;
  { port = ScriptedReceiver().port(); }
  SenderFixture f(QuickConfig(port));
  f.Start();
  const FakeTarget target("node", 3);
  for (int i = 0; i < 50; ++i) target.Scrape(f.log, kTimeMs + i, i);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[0] >= 3; }));
  CHECK_FALSE(f.status().healthy);
  const uint64_t read = f.log.read["receiver"];
  for (int i = 50; i < 100; ++i) target.Scrape(f.log, kTimeMs + i, i);
  const uint64_t tries = f.status().requests_total[0];
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[0] >= tries + 3; }));
  // The log keeps what comes in an outage.
  CHECK(f.log.read["receiver"] == read);

  ScriptedReceiver receiver({}, port);
  REQUIRE(f.RunUntilAcknowledged(100));
  const auto samples = SamplesBySeries(receiver.requests());
  REQUIRE(samples.size() == 3);
  REQUIRE(samples.at("node_0").size() == 100);
  for (int i = 0; i < 100; ++i) {
    CHECK(samples.at("node_0")[i] == std::pair<int64_t, double>(kTimeMs + i, i));
  }
}

TEST_CASE("a receiver that hangs is given up after remote_timeout and tried again") {
  ScriptedAnswer hang;
  hang.then_hang = true;
  ScriptedReceiver receiver({hang, hang});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.remote_timeout = Millis(50);
  f.Start();
  FakeTarget("node", 3).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return receiver.count() >= 2; }));
  f.sender.reset();
  f.config.remote_timeout = Millis(10'000);
  f.Start();
  CHECK(f.RunUntilAcknowledged(1));
}

TEST_CASE("samples over the age limit are given up and counted, before and after a failure") {
  ScriptedReceiver receiver({Answer(500)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.sample_age_limit = Millis(60'000);
  f.config.queue.min_backoff = f.config.queue.max_backoff = Millis(100);
  f.Start();
  const int64_t now_ms = SystemClock().WallMs();
  const FakeTarget target("node", 3);
  target.Scrape(f.log, now_ms - 61'000, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK(receiver.count() == 0);
  CHECK(f.status().samples_dropped_total["too_old"] == 3);

  target.Scrape(f.log, now_ms - 30'000, 1);
  target.Scrape(f.log, now_ms, 2);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[500] == 1; }));
  f.clock.wall_shift_ms = 35'000;
  REQUIRE(f.RunUntilAcknowledged(3));
  CHECK(f.status().samples_dropped_total["too_old"] == 6);
  CHECK(f.status().samples_sent_total == 3);

  receiver.Add(Answer(500));
  target.Scrape(f.log, now_ms + 35'000, 3);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[500] == 2; }));
  f.clock.wall_shift_ms = 100'000'000;
  REQUIRE(f.RunUntilAcknowledged(4));
  CHECK(f.status().samples_dropped_total["too_old"] == 9);
  // It goes on.
  target.Scrape(f.log, now_ms + 100'000'000, 4);
  REQUIRE(f.RunUntilAcknowledged(5));
  CHECK(f.status().healthy);
}

TEST_CASE(
    "whatever the receiver answers, each series arrives in order and once where it was taken") {
  std::mt19937 random(5);
  std::deque<ScriptedAnswer> script;
  for (int i = 0; i < 120; ++i) {
    switch (random() % 6) {
      case 0:
        script.push_back(Answer(500));
        break;
      case 1:
        script.push_back(Answer(413));
        break;
      case 2:
        script.push_back({"HTTP/1.1 2", true});
        break;
      default:
        script.push_back(Answer(200));
    }
  }
  ScriptedReceiver receiver(script);
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.max_samples_per_send = 64;
  f.Start();
  const FakeTarget a("a", 7);
  const FakeTarget b("b", 30);
  constexpr int kScrapes = 60;
  for (int i = 0; i < kScrapes; ++i) {
    a.Scrape(f.log, kTimeMs + i, i);
    b.Scrape(f.log, kTimeMs + i, i);
    f.loop.RunFor(Millis(0));
  }
  REQUIRE(f.RunUntilAcknowledged(2 * kScrapes));
  std::vector<ReceivedRequest> taken;
  const auto requests = receiver.requests();
  for (size_t i = 0; i < requests.size(); ++i) {
    if (i >= script.size() || script[i].bytes.starts_with("HTTP/1.1 200")) {
      taken.push_back(requests[i]);
    }
  }
  const uint64_t lost = f.status().samples_dropped_total["http_413"];
  const auto by_series = SamplesBySeries(taken);
  uint64_t samples = 0;
  for (const auto& [name, series] : by_series) {
    samples += series.size();
    for (size_t i = 1; i < series.size(); ++i) CHECK(series[i - 1].first < series[i].first);
  }
  CHECK(by_series.size() == 37);
  CHECK(samples + lost == 37 * kScrapes);
  CHECK(f.status().samples_sent_total == samples);
}

TEST_CASE("a big scrape of which the rules keep nothing leaves others their turn") {
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  RelabelRule rule;
  rule.action = RelabelAction::kDrop;
  rule.source_labels = {"job"};  // so that it is applied to each sample
  rule.regex = AnchoredRegex::Compile("fake").value();
  f.config.write_relabel_configs = {rule};
  f.Start();
  constexpr size_t kSeries = 50'000;
  FakeTarget("node", kSeries).Scrape(f.log, kTimeMs, 1);
  std::set<uint64_t> seen;  // between the turns
  Timer look(f.loop);
  const std::function<void()> look_on = [&] {
    seen.insert(f.status().samples_dropped_total["write_relabel"]);
    look.After(Millis(0), look_on);
  };
  look_on();
  REQUIRE(f.RunUntilAcknowledged(1));
  REQUIRE(f.RunUntil([&] { return seen.contains(kSeries); }));
  CHECK(seen == std::set<uint64_t>{0, 20'000, 40'000, 50'000});
  CHECK(receiver.count() == 0);
}

TEST_CASE("a sender may end at any moment and the next one takes up from the cursor") {
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.max_samples_per_send = 5;
  const FakeTarget target("node", 7);
  std::mt19937 random(9);
  for (int i = 0; i < 60; ++i) {
    f.Start();
    target.Scrape(f.log, kTimeMs + i, i);
    for (size_t turns = random() % 12; turns > 0; --turns) f.loop.RunFor(Millis(turns % 2));
    f.sender.reset();
  }
  f.Start();
  REQUIRE(f.RunUntilAcknowledged(60));
  auto by_series = SamplesBySeries(receiver.requests());
  for (auto& [name, samples] : by_series) {
    std::sort(samples.begin(), samples.end());
    samples.erase(std::unique(samples.begin(), samples.end()), samples.end());
    CHECK(samples.size() == 60);
  }
}

}  // namespace
}  // namespace limpet
