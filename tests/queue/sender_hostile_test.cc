// Receivers that cannot even be talked to, and how little memory an outage takes.
#include <doctest/doctest.h>

#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

// The samples are kept, and delivered once the receiver's settings are good.
void CheckKept(const RemoteWriteConfig& broken, const std::string& error) {
  SenderFixture f(broken);
  f.Start();
  const FakeTarget target("node", 5);
  for (int i = 0; i < 30; ++i) target.Scrape(f.log, kTimeMs + i, i);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[0] >= 2; }));
  CHECK_FALSE(f.status().healthy);
  CAPTURE(f.status().last_error);
  CHECK(f.status().last_error.find(error) != std::string::npos);
  CHECK(f.status().samples_dropped_total.empty());
  CHECK(f.log.acknowledged["receiver"] == 0);
  f.sender.reset();
  ScriptedReceiver receiver;
  f.config = QuickConfig(receiver.port());
  f.Start();
  REQUIRE(f.RunUntilAcknowledged(30));
  const auto samples = SamplesBySeries(receiver.requests());
  REQUIRE(samples.size() == 5);
  for (const auto& [name, values] : samples) CHECK(values.size() == 30);
}

TEST_CASE("a receiver that does not speak TLS, and a name that does not exist, lose nothing") {
  ScriptedReceiver plain({Answer(400), Answer(400), Answer(400)});
  RemoteWriteConfig tls = QuickConfig(plain.port());
  tls.url.scheme = "https";
  tls.http.tls.insecure_skip_verify = true;
  tls.remote_timeout = Millis(100);  // the plain receiver waits for a request that does not come
  CheckKept(tls, "TLS");

  RemoteWriteConfig nowhere = QuickConfig(80);
  nowhere.url.host = "limpet-has-no-such-receiver.invalid";
  CheckKept(nowhere, "resolve limpet-has-no-such-receiver.invalid");
}

TEST_CASE("an outage is held by the log, not by memory") {
  uint16_t port = 0;
  { port = ScriptedReceiver().port(); }
  SenderFixture f(QuickConfig(port));
  f.config.queue.min_shards = f.config.queue.max_shards = 4;
  f.config.queue.max_samples_per_send = 50;
  f.Start();
  std::vector<FakeTarget> targets;
  for (int i = 0; i < 10; ++i) targets.emplace_back("t" + std::to_string(i), 20);
  for (int i = 0; i < 100; ++i) {
    for (const FakeTarget& target : targets) target.Scrape(f.log, kTimeMs + i, i);
  }
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[0] >= 3; }));
  const uint64_t read = f.log.read["receiver"];
  // A lane holds two batches, and one run may be half encoded.
  CHECK(read * 20 <= 4 * 2 * 50 + 2 * 64 * 20);
  const uint64_t tries = f.status().requests_total[0];
  for (int i = 100; i < 200; ++i) {
    for (const FakeTarget& target : targets) target.Scrape(f.log, kTimeMs + i, i);
    f.loop.RunFor(Millis(0));
  }
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[0] >= tries + 2; }));
  CHECK(f.log.read["receiver"] == read);
  CHECK(f.status().lag_ms > 0);
  CHECK(f.status().oldest_unsent_timestamp_ms == kTimeMs);
}

}  // namespace
}  // namespace limpet
