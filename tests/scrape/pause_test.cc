// Scraping that stops because another process goes on with the same series, and begins again.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "agent/scrape/scrape_manager.h"
#include "tests/scrape/page_server.h"
#include "tests/scrape/recorded_samples.h"

namespace limpet {
namespace {

class Fixture {
 public:
  Fixture()
      : server([](const std::string&) { return PageAnswer("a 1\n"); }),
        manager(loop, SystemClock(), [this](const ScrapeView& view) { recorded.Append(view); }) {
    config.scrape_configs.resize(1);
    config.scrape_configs[0].job_name = "j";
    config.scrape_configs[0].scrape_interval = config.scrape_configs[0].scrape_timeout = Millis(50);
  }

  void Tell(const std::string& source, const std::vector<std::string>& addresses) {
    TargetGroup group{source, {}, {}};
    for (const std::string& address : addresses) {
      group.targets.push_back(Labels{{"__address__", address}, {"instance", address}});
    }
    manager.OnTargetGroups("j", {group});
  }
  bool RunUntil(const std::function<bool()>& holds) {
    const SteadyTime end = SystemClock().Now() + Millis(20'000);
    while (!holds()) {
      if (SystemClock().Now() > end) return false;
      loop.RunFor(Millis(20));
    }
    return true;
  }
  // Several intervals in which nothing is to happen.
  void Wait() { loop.RunFor(Millis(200)); }
  size_t Targets(TargetHealth health) {
    size_t count = 0;
    manager.ForEachTarget([&](const TargetStatus& target) { count += target.health == health; });
    return count;
  }
  bool WroteMarkers() {
    for (const std::string& line : recorded.Take()) {
      if (line.find(" stale@") != std::string::npos) return true;
    }
    return false;
  }

  EventLoop loop;
  PageServer server;
  RecordedSamples recorded;
  Config config;
  ScrapeManager manager;
};

TEST_CASE("on standby targets are known and nothing is scraped; then they are, at once") {
  Fixture f;
  f.manager.Pause();
  CHECK(f.manager.paused());
  f.manager.Apply(f.config);
  f.Tell("g", {f.server.address()});
  f.Wait();
  CHECK(f.server.connections() == 0);
  CHECK(f.recorded.records == 0);
  CHECK(f.Targets(TargetHealth::kUnknown) == 1);
  f.manager.Resume();
  REQUIRE(f.RunUntil([&] { return f.recorded.records >= 2; }));
  CHECK_FALSE(f.manager.paused());
  CHECK(f.Targets(TargetHealth::kUp) == 1);
}

TEST_CASE("one that stops writes no markers, not even for targets that go meanwhile") {
  Fixture f;
  f.manager.Apply(f.config);
  f.Tell("g", {f.server.address()});
  f.Tell("h", {"127.0.0.1:1"});
  REQUIRE(f.RunUntil([&] { return f.recorded.records >= 4; }));
  f.recorded.Take();
  const size_t records = f.recorded.records;
  f.manager.Pause();
  CHECK(f.Targets(TargetHealth::kUnknown) == 2);
  CHECK(f.manager.stats().series == 0);
  f.Wait();
  f.Tell("h", {});
  f.manager.Change({}, {"j"});
  f.Wait();
  CHECK(f.recorded.records == records);
}

TEST_CASE("a target that is known goes on with its layout, and nothing of the gap is marked") {
  Fixture f;
  f.manager.Apply(f.config);
  f.server.SetAnswer([](const std::string&) { return PageAnswer("a 1\nb 1\n"); });
  f.Tell("g", {f.server.address()});
  REQUIRE(f.RunUntil([&] { return f.recorded.records >= 1; }));
  f.manager.Pause();
  CHECK(f.manager.stats().layouts >= 1);
  // The other process has seen b go.
  f.server.SetAnswer([](const std::string&) { return PageAnswer("a 2\n"); });
  f.recorded.Take();
  const size_t records = f.recorded.records;
  f.manager.Resume();
  REQUIRE(f.RunUntil([&] { return f.recorded.records >= records + 2; }));
  CHECK_FALSE(f.WroteMarkers());
  CHECK(f.Targets(TargetHealth::kUp) == 1);
}

TEST_CASE("a scrape under way leaves no record, and its connection is closed") {
  Fixture f;
  f.config.scrape_configs[0].scrape_interval = Millis(60'000);
  f.config.scrape_configs[0].scrape_timeout = Millis(60'000);
  f.server.SetAnswer([](const std::string&) { return std::string(); });
  f.manager.Apply(f.config);
  f.Tell("g", {f.server.address()});
  REQUIRE(f.RunUntil([&] { return f.server.heads().size() == 1; }));
  f.manager.Pause();
  f.manager.Pause();
  f.Wait();
  CHECK(f.recorded.records == 0);
  f.server.SetAnswer([](const std::string&) { return PageAnswer("a 1\n"); });
  f.manager.Resume();
  REQUIRE(f.RunUntil([&] { return f.recorded.records == 1; }));
  CHECK(f.server.connections() == 2);
}

TEST_CASE("who may not scrape does not, before anybody has paused anything") {
  Fixture f;
  bool may = false;
  f.manager.ScrapeWhile([&] { return may; });
  f.manager.Apply(f.config);
  f.Tell("g", {f.server.address()});
  f.Wait();
  CHECK(f.server.connections() == 0);
  CHECK(f.manager.stats().ticks_skipped_total == 0);
  may = true;
  REQUIRE(f.RunUntil([&] { return f.recorded.records >= 1; }));
}

}  // namespace
}  // namespace limpet
