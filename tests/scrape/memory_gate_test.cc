// What scraping refuses while memory is scarce, what it goes on with, and that nothing of it stays.
#include "agent/scrape/memory_gate.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/scrape/scrape_manager.h"
#include "tests/scrape/page_server.h"
#include "tests/scrape/recorded_samples.h"

namespace limpet {
namespace {

constexpr uint64_t kLimit = 1u << 30;

class SetClock : public Clock {
 public:
  int64_t WallMs() const override { return 0; }
  SteadyTime Now() const override { return now; }
  SteadyTime now = std::chrono::steady_clock::now();
};

// A manager with one target a path on one server, and a use of memory that the test sets.
class Fixture {
 public:
  Fixture()
      : memory(loop, clock, {kLimit, "test"}, [this] { return used; }),
        server([](const std::string&) { return PageAnswer("a 1\n"); }),
        manager(loop, SystemClock(), [this](const ScrapeView& view) { recorded.Append(view); }) {
    manager.UseMemory(memory);
    config.scrape_configs.resize(1);
    config.scrape_configs[0].job_name = "j";
    config.scrape_configs[0].scrape_interval = Millis(50);
    config.scrape_configs[0].scrape_timeout = Millis(50);
    manager.Apply(config);
  }

  void SetTargets(const std::vector<std::string>& names) {
    TargetGroup group{"g", {}, {}};
    for (const std::string& name : names) {
      group.targets.push_back(Labels{
          {"__address__", server.address()}, {"__metrics_path__", "/" + name}, {"instance", name}});
    }
    manager.OnTargetGroups("j", {group});
  }
  // So much is used, and has been for a while.
  MemoryLevel SetPercent(uint64_t percent) {
    used = kLimit / 100 * percent;
    for (int i = 0; i < 8; ++i) {
      memory.Measure();
      clock.now += Millis(60'000);
    }
    return memory.Measure();
  }

  bool RunUntil(const std::function<bool()>& holds) {
    const SteadyTime end = SystemClock().Now() + Millis(20'000);
    while (!holds()) {
      if (SystemClock().Now() > end) return false;
      loop.RunFor(Millis(50));
    }
    return true;
  }
  // The error of the instance's last scrape; "-" before the first.
  std::string Error(const std::string& name) const {
    std::string error = "-";
    manager.ForEachTarget([&](const TargetStatus& status) {
      if (status.labels.Get("instance") != name) return;
      if (status.health != TargetHealth::kUnknown) error = status.last_error;
    });
    return error;
  }
  // Until its last scrape ended with this; a machine under load may let one time out before.
  bool Ends(const std::string& name, const std::string& error) {
    return RunUntil([&] { return Error(name) == error; });
  }

  EventLoop loop;
  SetClock clock;  // of the memory alone
  uint64_t used = 0;
  MemoryBudget memory;
  PageServer server;
  RecordedSamples recorded;
  Config config;
  ScrapeManager manager;
};

constexpr char kNoNewTarget[] = "memory is scarce (no_new_pages): no further target is scraped";
constexpr char kNoNewPage[] =
    "memory is scarce (no_new_pages): no page with more series than before is taken";
constexpr char kNoScrape[] = "memory is scarce (no_scrapes): no target is scraped";

std::string Series(int count) {
  std::string page;
  for (int i = 0; i < count; ++i) page += "series_" + std::to_string(i) + " 1\n";
  return page;
}

TEST_CASE("while memory is scarce known targets go on, and new ones are not even asked") {
  Fixture f;
  f.SetTargets({"known"});
  REQUIRE(f.Ends("known", ""));
  f.SetPercent(80);
  f.SetTargets({"known", "new"});
  REQUIRE(f.Ends("new", kNoNewTarget));
  for (const std::string& head : f.server.heads()) CHECK(head.starts_with("GET /known "));
  const uint64_t scrapes = f.server.heads().size();
  CHECK(f.RunUntil([&] { return f.server.heads().size() > scrapes; }));
  REQUIRE(f.Ends("known", ""));
  CHECK(f.manager.stats().refused_for_memory.new_targets_total > 0);
  CHECK(f.manager.stats().refused_for_memory.new_pages_total == 0);
  CHECK(f.SetPercent(50) == MemoryLevel::kNormal);
  CHECK(f.Ends("new", ""));
}

TEST_CASE("a page that grows is refused while memory is scarce, one that shrinks is taken") {
  Fixture f;
  const auto serve = [&f](int series) {
    f.server.SetAnswer([series](const std::string&) { return PageAnswer(Series(series)); });
  };
  serve(100);
  f.SetTargets({"t"});
  REQUIRE(f.Ends("t", ""));
  f.SetPercent(85);
  serve(120);
  REQUIRE(f.Ends("t", kNoNewPage));
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.recorded.Last("scrape_samples_scraped") == 0);
  serve(101);  // as when a number has a digit more
  REQUIRE(f.Ends("t", ""));
  serve(50);
  REQUIRE(f.RunUntil([&] { return f.recorded.Last("scrape_samples_scraped") == 50; }));
  CHECK(f.Error("t") == "");
  // And is then the one that counts.
  serve(80);
  REQUIRE(f.Ends("t", kNoNewPage));
  CHECK(f.manager.stats().refused_for_memory.new_pages_total >= 2);
  CHECK(f.SetPercent(50) == MemoryLevel::kNormal);
  CHECK(f.Ends("t", ""));
  CHECK(f.RunUntil([&] { return f.recorded.Last("scrape_samples_scraped") == 80; }));
}

TEST_CASE("one page too large for what is left is refused before it is read") {
  Fixture f;
  f.SetTargets({"t"});
  REQUIRE(f.Ends("t", ""));
  f.used = kLimit / 100 * 90 - 1000;
  // Not measured until the page is there.
  f.server.SetAnswer([](const std::string&) { return PageAnswer(Series(100)); });
  REQUIRE(f.Ends("t", kNoNewPage));
  CHECK(f.memory.level() == MemoryLevel::kNoNewPages);

  EventLoop loop;
  MemoryBudget budget(loop, SystemClock(), {1000, "test"}, [] { return 650; });
  MemoryGate gate;
  CHECK(gate.AdmitPage(1 << 30, 0).has_value());
  gate.Use(budget);
  CHECK(gate.AdmitPage(124, 0).has_value());
  CHECK(gate.AdmitPage(125, 0).error().message ==
        "memory is scarce: not enough is left for a new page of 125 bytes");
  CHECK(gate.AdmitPage(125, 120).has_value());
  CHECK(gate.refusals().new_pages_total == 1);
}

TEST_CASE("at the last nobody is asked, all series are stale, and it all comes back") {
  Fixture f;
  f.SetTargets({"t"});
  REQUIRE(f.Ends("t", ""));
  f.recorded.Take();
  f.used = kLimit;
  f.memory.Measure();
  REQUIRE(f.Ends("t", kNoScrape));
  CHECK(f.recorded.Last("up") == 0);
  const auto lines = f.recorded.Take();
  REQUIRE(!lines.empty());
  CHECK(lines.back().find("} stale@") != std::string::npos);
  const size_t asked = f.server.heads().size();
  const uint64_t refused = f.manager.stats().refused_for_memory.scrapes_total;
  CHECK(f.RunUntil(
      [&] { return f.manager.stats().refused_for_memory.scrapes_total >= refused + 3; }));
  CHECK(f.server.heads().size() == asked);
  // The page is known still: it is taken where a new one is not.
  CHECK(f.manager.stats().layouts == 2);
  CHECK(f.SetPercent(81) == MemoryLevel::kNoNewPages);
  CHECK(f.Ends("t", ""));
}

TEST_CASE("where not scraping does not help, layouts go, unless samples have their own time") {
  Fixture f;
  std::string page = "a 1\n";
  bool stays = false;
  SUBCASE("without times") {}
  SUBCASE("with times") {
    page = "a 1 " + std::to_string(SystemClock().WallMs()) + "\n";
    stays = true;
  }
  f.server.SetAnswer([page](const std::string&) { return PageAnswer(page); });
  f.SetTargets({"t"});
  REQUIRE(f.Ends("t", ""));
  CHECK(f.manager.stats().layouts == 1);
  f.SetPercent(90);
  const uint64_t refused = f.manager.stats().refused_for_memory.scrapes_total;
  REQUIRE(f.RunUntil(
      [&] { return f.manager.stats().refused_for_memory.scrapes_total >= refused + 2; }));
  // The one without lines, of the failure, is always there.
  CHECK(f.manager.stats().layouts == (stays ? 2 : 1));
  CHECK(f.SetPercent(50) == MemoryLevel::kNormal);
  CHECK(f.Ends("t", ""));
  CHECK(f.recorded.Last("scrape_series_added") == (stays ? 0 : 1));
}

TEST_CASE("answers under way and pages without a limit of their own have a part of the limit") {
  Fixture f;
  EventLoop& loop = f.loop;
  uint64_t used = 0;
  MemoryBudget small(loop, SystemClock(), {80'000, "test"}, [&used] { return used; });
  f.manager.UseMemory(small);
  f.server.SetAnswer(
      [](const std::string&) { return PageAnswer("a 1\n#" + std::string(9'000, 'x') + "\n"); });
  f.SetTargets({"t"});
  CHECK(f.Ends("t", ""));
  f.server.SetAnswer(
      [](const std::string&) { return PageAnswer("a 1\n#" + std::string(10'000, 'x') + "\n"); });
  CHECK(f.Ends("t", "body size limit exceeded"));
  // A job that sets one gets it, as far as all answers under way allow.
  f.config.scrape_configs[0].body_size_limit = 1 << 20;
  f.manager.Apply(f.config);
  CHECK(f.Ends("t", ""));
  f.server.SetAnswer(
      [](const std::string&) { return PageAnswer(std::string(30'000, '#') + "\n"); });
  CHECK(f.Ends("t", "too many bytes of scrapes under way (0 MiB)"));
  // Less where there is less room, but never nothing.
  const auto serve = [&f](size_t bytes) {
    f.server.SetAnswer(
        [bytes](const std::string&) { return PageAnswer(std::string(bytes, '#') + "\n"); });
  };
  serve(10'000);
  CHECK(f.Ends("t", ""));
  used = 70'000;
  CHECK(f.Ends("t", "too many bytes of scrapes under way (0 MiB)"));
  serve(2'000);
  CHECK(f.Ends("t", ""));
}

}  // namespace
}  // namespace limpet
