// Whatever a receiver does, over several lanes: each sample arrives, those of a series in order,
// and twice only where the receiver kept to itself that it had it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "tests/queue/model_receiver.h"
#include "tests/queue/scripted_receiver.h"
#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

// What the receiver's present version makes of a 2.0 request.
enum class Speaks { kBoth, kRefusesV2, kIgnoresV2 };

class HostileBehaviour {
 public:
  explicit HostileBehaviour(uint32_t seed) : random_(seed) { Restart(); }

  ModelAnswer operator()(const ModelRequest& request) {
    if (calm) return Honest(request);
    if (random_() % 40 == 0) Restart();
    ModelAnswer answer;
    switch (random_() % 16) {
      case 0:
        answer.bytes = Answer(500 + static_cast<int>(random_() % 5), "", "no").bytes;
        return answer;
      case 1:
        answer.bytes = Answer(429, "Retry-After: 0\r\n").bytes;
        return answer;
      case 2:
        answer.bytes = Answer(408).bytes;
        answer.then_close = true;
        return answer;
      case 3:
        if (request.samples > 1) answer.bytes = Answer(413).bytes;
        return request.samples > 1 ? answer : Honest(request);
      case 4:
        return Silent(request, "HTTP/1.1 2");
      case 5:
        return Silent(request, "");
      case 6:
        answer.then_hang = random_() % 8 == 0;
        answer.then_reset = !answer.then_hang;
        return answer;
      case 7:
        answer = Honest(request);
        answer.trickle = true;
        return answer;
      case 8:
        answer.bytes = Answer(503, "Content-Type: text/html\r\n", std::string(300'000, 'x')).bytes;
        return answer;
      case 9:
        answer.bytes = "HTTP/9.9 what\r\n\r\n";
        answer.then_close = true;
        return answer;
      default:
        return Honest(request);
    }
  }

  std::atomic<bool> calm = false;

 private:
  // Stored or not, and the answer does not say.
  ModelAnswer Silent(const ModelRequest& request, const std::string& bytes) {
    ModelAnswer answer;
    answer.take = random_() % 2 == 0 && (!request.v2 || speaks_ == Speaks::kBoth);
    answer.known = false;
    answer.bytes = bytes;
    (random_() % 2 == 0 ? answer.then_close : answer.then_reset) = true;
    return answer;
  }

  ModelAnswer Honest(const ModelRequest& request) {
    ModelAnswer answer;
    if (request.v2 && speaks_ == Speaks::kRefusesV2) {
      answer.bytes = Answer(415).bytes;
      return answer;
    }
    answer.take = !request.v2 || speaks_ == Speaks::kBoth;
    std::string written;
    if (request.v2 && answer.take) {
      written = "X-Prometheus-Remote-Write-Samples-Written: " +
                std::to_string(request.samples - request.histograms) +
                "\r\nX-Prometheus-Remote-Write-Histograms-Written: " +
                std::to_string(request.histograms) + "\r\n";
    }
    answer.bytes = Answer(200, written).bytes;
    return answer;
  }

  void Restart() { speaks_ = static_cast<Speaks>(random_() % 3); }

  std::mt19937 random_;
  Speaks speaks_ = Speaks::kBoth;
};

void CheckSeries(const std::string& name, const ModelReceiver::Taken& taken, int scrapes) {
  CAPTURE(name);
  std::map<int64_t, int> times;
  int64_t newest_ms = 0;
  for (const auto& [timestamp_ms, value] : taken.samples) {
    if (++times[timestamp_ms] > 1) continue;
    CHECK(timestamp_ms > newest_ms);
    newest_ms = timestamp_ms;
  }
  CHECK(times.size() == static_cast<size_t>(scrapes));
  for (const auto& [timestamp_ms, count] : times) {
    const auto unknown = taken.unknown.find(timestamp_ms);
    CHECK(count <= 1 + (unknown == taken.unknown.end() ? 0 : unknown->second));
  }
}

void RunHistory(uint32_t seed) {
  CAPTURE(seed);
  std::mt19937 random(seed);
  HostileBehaviour behaviour(seed + 1);
  ModelReceiver receiver([&](const ModelRequest& request) { return behaviour(request); });
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.protobuf_message = RemoteWriteMessage::kAuto;
  f.config.send_exemplars = true;
  f.config.send_native_histograms = true;
  f.config.remote_timeout = Millis(1000);
  f.config.queue.min_shards = 1 + random() % 4;
  f.config.queue.max_samples_per_send = 20 + random() % 100;
  f.config.queue.max_bytes_per_send = 2000 + random() % 30'000;
  f.Start();
  std::vector<FakeTarget> targets;
  size_t expected_series = 0;
  for (int i = 0; i < 12; ++i) {
    const size_t size = 1 + random() % 12;
    targets.emplace_back("t" + std::to_string(i), size);
    expected_series += size;
  }
  constexpr int kScrapes = 60;
  uint64_t appended = 0;
  for (int i = 0; i < kScrapes; ++i) {
    for (const FakeTarget& target : targets) {
      if (random() % 3 == 0) {
        target.ScrapeHistograms(f.log, kTimeMs + i, i, false);
      } else {
        target.Scrape(f.log, kTimeMs + i, i);
      }
      ++appended;
    }
    if (random() % 3 == 0) f.loop.RunFor(Millis(random() % 8));
    f.clock.wall_shift_ms += static_cast<int64_t>(random() % 20'000'000) - 10'000'000;
  }
  f.loop.RunFor(Millis(1500));
  behaviour.calm = true;
  REQUIRE(f.RunUntilAcknowledged(appended));
  const ReceiverStatus status = f.status();
  f.sender.reset();
  receiver.Stop();
  CHECK(receiver.error == "");
  CHECK(status.samples_dropped_total.empty());
  for (const auto& [name, taken] : receiver.series) CheckSeries(name, taken, kScrapes);
  CHECK(receiver.series.size() == expected_series);
}

TEST_CASE("each sample arrives, in order, whatever the receiver does") {
  std::vector<uint32_t> seeds;
  if (const char* given = std::getenv("LIMPET_SEED")) {
    seeds = {static_cast<uint32_t>(std::strtoul(given, nullptr, 10))};
  } else {
    std::random_device device;
    seeds = {1, 2, device(), device()};
  }
  for (const uint32_t seed : seeds) {
    MESSAGE("LIMPET_SEED=" << seed);
    RunHistory(seed);
  }
}

TEST_CASE("lanes send at the same time, and a target stays on its lane") {
  std::atomic<int> seen = 0;
  ModelReceiver receiver([&](const ModelRequest&) {
    ++seen;
    ModelAnswer answer;
    answer.take = true;
    answer.bytes = Answer(204).bytes;
    return answer;
  });
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.min_shards = f.config.queue.max_shards = 4;
  f.config.queue.max_samples_per_send = 30;
  f.Start();
  std::vector<FakeTarget> targets;
  for (int i = 0; i < 20; ++i) targets.emplace_back("t" + std::to_string(i), 10);
  for (int i = 0; i < 50; ++i) {
    for (const FakeTarget& target : targets) target.Scrape(f.log, kTimeMs + i, i);
  }
  REQUIRE(f.RunUntilAcknowledged(1000));
  CHECK(f.status().lanes == 4);
  receiver.Stop();
  CHECK(receiver.error == "");
  CHECK(receiver.connections_max() == 4);
  REQUIRE(receiver.series.size() == 200);
  for (const auto& [name, taken] : receiver.series) {
    CheckSeries(name, taken, 50);
    CHECK(taken.samples.size() == 50);
  }
}

TEST_CASE("a receiver that answers 429 gets one request at a time from all lanes together") {
  std::atomic<bool> full = false;
  std::atomic<int> refused = 0;
  ModelReceiver receiver([&](const ModelRequest&) {
    ModelAnswer answer;
    if (full) {
      ++refused;
      answer.bytes = Answer(429, "Retry-After: 3000\r\n").bytes;
      return answer;
    }
    answer.take = true;
    answer.bytes = Answer(204).bytes;
    return answer;
  });
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.queue.min_shards = f.config.queue.max_shards = 4;
  f.config.queue.max_samples_per_send = 10;
  f.Start();
  std::vector<FakeTarget> targets;
  for (int i = 0; i < 20; ++i) targets.emplace_back("t" + std::to_string(i), 10);
  for (const FakeTarget& target : targets) target.Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(20));
  full = true;
  for (const FakeTarget& target : targets) target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntil([&] { return refused > 0; }));
  const uint64_t read = f.log.read["receiver"];
  f.loop.RunFor(Millis(100));
  // At most one of each lane was under way when the first one was refused.
  CHECK(refused <= 4);
  for (const FakeTarget& target : targets) target.Scrape(f.log, kTimeMs + 2, 1);
  f.loop.RunFor(Millis(20));
  CHECK(refused <= 4);
  CHECK(f.log.read["receiver"] <= read + 40);
  const uint64_t held = f.log.read["receiver"];
  f.loop.RunFor(Millis(20));
  CHECK(f.log.read["receiver"] == held);
}

}  // namespace
}  // namespace limpet
