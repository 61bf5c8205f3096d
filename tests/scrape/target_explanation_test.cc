// What a scrape manager says of targets when it is asked: those that relabelling drops, of which it
// keeps only the number, and why a target is scraped or not.
#include "agent/scrape/target_explanation.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/platform/memory_budget.h"

namespace limpet {
namespace {

class Fixture {
 public:
  Fixture() : manager(loop, SystemClock(), [](const ScrapeView&) {}) {
    config.scrape_configs.resize(1);
    job().job_name = "j";
    RelabelRule drop;
    drop.action = RelabelAction::kDrop;
    drop.source_labels = {"__meta_drop"};
    drop.regex = *AnchoredRegex::Compile("yes");
    job().relabel_configs = {drop};
  }

  ScrapeConfig& job() { return config.scrape_configs[0]; }
  void Apply() { manager.Apply(config); }

  static Labels Target(const std::string& address, std::vector<Label> more = {}) {
    more.push_back({"__address__", address});
    return Labels(std::move(more));
  }
  static std::vector<Labels> Addresses(int count) {
    std::vector<Labels> targets;
    for (int i = 1; i <= count; ++i) targets.push_back(Target("127.0.0.1:" + std::to_string(i)));
    return targets;
  }
  void Tell(TargetGroup group) {
    groups["j"][group.source] = group;
    manager.OnTargetGroups("j", {std::move(group)});
  }
  void Forget(const std::string& source) {
    groups["j"].erase(source);
    manager.OnTargetGroups("j", {TargetGroup{source, {}, {}}});
  }

  // Discovered labels, as discovery would find the groups again.
  std::vector<Labels> Dropped(std::string_view of = "") {
    asked.clear();
    std::vector<Labels> dropped;
    manager.ForEachDropped(
        of,
        [this](const std::string& name, const WantTargetGroup& want, const TakeTargetGroup& take) {
          for (const auto& [source, group] : groups[name]) {
            if (!want(source)) continue;
            asked.push_back(source);
            if (!take(group)) return;
          }
        },
        [&](const std::string& name, const Labels& discovered) {
          CHECK(name == "j");
          dropped.push_back(discovered);
          return dropped.size() < stop_after;
        });
    return dropped;
  }

  struct Said {
    TargetFate fate;
    std::string error;
    std::string url;
    std::string twin;  // the address of the target that is scraped
  };
  std::vector<Said> Explain(const TargetGroup& group) {
    std::vector<Said> all;
    manager.Explain("j", group, [&](const TargetExplanation& target) {
      Said said{target.fate, target.error, "", ""};
      if (target.status != nullptr) {
        said.url = target.status->scrape_url;
        said.twin = target.status->discovered_labels.Get("__meta_twin");
      }
      all.push_back(said);
      return all.size() < stop_after;
    });
    return all;
  }

  EventLoop loop;
  Config config;
  ScrapeManager manager;
  std::map<std::string, std::map<std::string, TargetGroup>> groups;
  std::vector<std::string> asked;
  size_t stop_after = SIZE_MAX;
};

const Labels kDrop{{"__meta_drop", "yes"}};

TEST_CASE("dropped targets are counted exactly and shown up to a bound") {
  Fixture f;
  f.Apply();
  f.Tell({"g", kDrop, f.Addresses(70)});
  f.Tell({"h", kDrop, f.Addresses(70)});
  f.Tell({"kept", {}, f.Addresses(3)});
  CHECK(f.manager.DroppedCounts() == std::vector<std::pair<std::string, uint64_t>>{{"j", 140}});
  CHECK(f.Dropped().size() == ScrapeDefaults().dropped_targets_shown());
  CHECK(f.Dropped().at(0).Get("__meta_drop") == "yes");
  CHECK(f.Dropped().at(0).Get("job") == "j");
  CHECK(f.Dropped("j").size() == ScrapeDefaults().dropped_targets_shown());
  CHECK(f.Dropped("other").empty());
  CHECK(f.asked.empty());
  f.Forget("h");
  CHECK(f.manager.DroppedCounts().at(0).second == 70);
  CHECK(f.Dropped().size() == 70);
  CHECK(f.asked == std::vector<std::string>{"g"});  // groups without any are not even asked for
  f.stop_after = 5;
  CHECK(f.Dropped().size() == 5);
}

TEST_CASE("keep_dropped_targets says how many are shown") {
  Fixture f;
  f.job().keep_dropped_targets = 3;
  f.Apply();
  f.Tell({"g", kDrop, f.Addresses(200)});
  CHECK(f.Dropped().size() == 3);
  CHECK(f.manager.DroppedCounts().at(0).second == 200);
  f.job().keep_dropped_targets = 150;
  f.Apply();
  CHECK(f.Dropped().size() == 150);
}

TEST_CASE("a group that discovery no longer has shows none") {
  Fixture f;
  f.Apply();
  f.Tell({"g", kDrop, f.Addresses(2)});
  f.groups["j"].clear();
  CHECK(f.Dropped().empty());
  CHECK(f.manager.DroppedCounts().at(0).second == 2);
}

TEST_CASE("a target is scraped, dropped, or none at all") {
  Fixture f;
  f.Apply();
  const TargetGroup group{
      "g",
      {},
      {f.Target("127.0.0.1:1"), f.Target("127.0.0.1:2", {{"__meta_drop", "yes"}}), f.Target("a/b"),
       f.Target("127.0.0.1:3", {{"__scrape_timeout__", "1h"}}), Labels{{"x", "y"}}}};
  f.Tell(group);
  const auto said = f.Explain(group);
  REQUIRE(said.size() == 5);
  CHECK(said[0].fate == TargetFate::kScraped);
  CHECK(said[0].url == "http://127.0.0.1:1/metrics");
  CHECK(said[1].fate == TargetFate::kDropped);
  CHECK(said[1].url.empty());
  CHECK(said[2].fate == TargetFate::kInvalid);
  CHECK(said[2].error == "\"a/b\" is not a valid hostname");
  CHECK(said[3].fate == TargetFate::kInvalid);
  CHECK(said[3].error.find("greater than scrape interval") != std::string::npos);
  CHECK(said[4].error == "no address");
  f.stop_after = 2;
  CHECK(f.Explain(group).size() == 2);
}

TEST_CASE("of two targets that come out the same, one is a duplicate") {
  Fixture f;
  f.Apply();
  const TargetGroup group{"g",
                          {},
                          {f.Target("127.0.0.1:1", {{"__meta_twin", "first"}}),
                           f.Target("127.0.0.1:1", {{"__meta_twin", "second"}})}};
  f.Tell(group);
  const auto said = f.Explain(group);
  REQUIRE(said.size() == 2);
  CHECK(said[0].fate == TargetFate::kScraped);
  CHECK(said[1].fate == TargetFate::kDuplicate);
  CHECK(said[1].twin == "first");
}

TEST_CASE(
    "a target that the job does not have yet is pending, and a job that is not there is none") {
  Fixture f;
  f.Apply();
  const TargetGroup group{"g", {}, f.Addresses(1)};
  const auto said = f.Explain(group);
  REQUIRE(said.size() == 1);
  CHECK(said[0].fate == TargetFate::kPending);
  CHECK(f.manager.FindJob("j")->job_name == "j");
  CHECK(f.manager.FindJob("k") == nullptr);
  f.manager.Explain("k", group, [](const TargetExplanation&) {
    FAIL("no such job");
    return false;
  });
}

TEST_CASE("targets beyond target_limit are refused, with the reason") {
  Fixture f;
  f.job().target_limit = 1;
  f.Apply();
  const TargetGroup group{"g", {}, f.Addresses(2)};
  f.Tell(group);
  const auto said = f.Explain(group);
  REQUIRE(said.size() == 2);
  for (const auto& one : said) {
    CHECK(one.fate == TargetFate::kRefused);
    CHECK(one.error == "target_limit exceeded (number of targets: 2, limit: 1)");
  }
}

TEST_CASE("what another shard or another replica scrapes is said to be theirs") {
  Fixture f;
  const TargetGroup group{"g", {}, f.Addresses(20)};
  f.Apply();
  f.manager.Pause();
  f.Tell(group);
  const auto standing_by = f.Explain(group);
  CHECK(standing_by.size() == 20);
  for (const auto& one : standing_by) CHECK(one.fate == TargetFate::kStandby);
  f.manager.Resume();
  for (const auto& one : f.Explain(group)) CHECK(one.fate == TargetFate::kScraped);

  ScrapeManager second(
      f.loop, SystemClock(), [](const ScrapeView&) {}, Shard{2, 1});
  second.Apply(f.config);
  second.OnTargetGroups("j", {group});
  size_t others = 0;
  second.Explain("j", group, [&](const TargetExplanation& target) {
    if (target.fate == TargetFate::kOtherShard) {
      CHECK(target.error == "this is shard 1 of 2");
      ++others;
    }
    return true;
  });
  CHECK(others > 0);
  CHECK(second.OtherShardsCounts().at(0).second == others);
}

TEST_CASE("a target that is shed for memory is refused, with the reason") {
  Fixture f;
  uint64_t used = 0;
  MemoryBudget memory(f.loop, SystemClock(), {uint64_t{64} << 20, "a test"},
                      [&used] { return used; });
  f.manager.UseMemory(memory);
  used = uint64_t{64} << 20;
  memory.Measure();
  REQUIRE(memory.level() >= MemoryLevel::kNoNewPages);
  f.Apply();
  const TargetGroup group{"g", {}, f.Addresses(1)};
  f.Tell(group);
  for (int i = 0; i < 400 && f.manager.stats().scrapes_total == 0; ++i) f.loop.RunFor(Millis(50));
  const auto said = f.Explain(group);
  REQUIRE(said.size() == 1);
  CHECK(said[0].fate == TargetFate::kRefused);
  CHECK(said[0].error.starts_with("memory is scarce"));
}

}  // namespace
}  // namespace limpet
