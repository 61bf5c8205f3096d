// The same groups for several managers, each with a shard of its own.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/scrape/scrape_manager.h"

namespace limpet {
namespace {

constexpr uint16_t kClosedPort = 1;  // nobody answers, and nothing waits for it

TargetGroup Group(const std::string& source, int first, int last) {
  TargetGroup group{source, {}, {}};
  for (int i = first; i <= last; ++i) {
    group.targets.push_back(Labels{
        {"__address__", "127.0.1." + std::to_string(i) + ":" + std::to_string(kClosedPort)}});
  }
  return group;
}

class Shards {
 public:
  explicit Shards(uint32_t count, uint64_t target_limit = 0) {
    Config config;
    config.scrape_configs.resize(1);
    config.scrape_configs[0].job_name = "j";
    config.scrape_configs[0].target_limit = target_limit;
    for (uint32_t index = 0; index < count; ++index) {
      managers.push_back(std::make_unique<ScrapeManager>(
          loop, SystemClock(), [](const ScrapeView&) {}, Shard{count, index}));
      managers.back()->Apply(config);
    }
  }
  void Tell(const std::vector<TargetGroup>& groups) {
    for (const auto& manager : managers) manager->OnTargetGroups("j", groups);
  }
  std::set<std::string> UrlsOf(size_t shard) const {
    std::set<std::string> urls;
    managers[shard]->ForEachTarget(
        [&](const TargetStatus& target) { urls.insert(target.scrape_url); });
    return urls;
  }
  uint64_t OthersOf(size_t shard) const {
    const auto counts = managers[shard]->OtherShardsCounts();
    REQUIRE(counts.size() == 1);
    CHECK(counts[0].first == "j");
    return counts[0].second;
  }

  EventLoop loop;
  std::vector<std::unique_ptr<ScrapeManager>> managers;
};

TEST_CASE("shards scrape disjoint sets that together are all, and count the rest") {
  Shards shards(3);
  shards.Tell({Group("g", 1, 60), Group("h", 61, 90)});
  std::map<std::string, int> owners;
  for (size_t i = 0; i < 3; ++i) {
    const auto urls = shards.UrlsOf(i);
    CHECK(urls.size() > 10);
    CHECK(urls.size() + shards.OthersOf(i) == 90);
    for (const std::string& url : urls) ++owners[url];
  }
  CHECK(owners.size() == 90);
  for (const auto& [url, count] : owners) CHECK_MESSAGE(count == 1, url);
}

TEST_CASE("a group that changes or goes takes its targets of other shards along") {
  Shards shards(2);
  shards.Tell({Group("g", 1, 50)});
  const auto before = shards.UrlsOf(0);
  shards.Tell({Group("g", 1, 50)});
  CHECK(shards.UrlsOf(0) == before);
  CHECK(shards.OthersOf(0) == 50 - before.size());
  shards.Tell({Group("g", 1, 10)});
  CHECK(shards.UrlsOf(0).size() + shards.OthersOf(0) == 10);
  shards.Tell({TargetGroup{"g", {}, {}}});
  CHECK(shards.UrlsOf(0).empty());
  CHECK(shards.OthersOf(0) == 0);
  shards.Tell({Group("g", 1, 10)});
  shards.managers[0]->Change({}, {"j"});
  CHECK(shards.managers[0]->OtherShardsCounts().empty());
}

TEST_CASE("a target that is in a group twice is one, in whatever shard") {
  Shards shards(2);
  TargetGroup twice = Group("g", 1, 20);
  const TargetGroup again = Group("g", 1, 20);
  twice.targets.insert(twice.targets.end(), again.targets.begin(), again.targets.end());
  shards.Tell({twice});
  for (size_t i = 0; i < 2; ++i) CHECK(shards.UrlsOf(i).size() + shards.OthersOf(i) == 20);
}

TEST_CASE("target_limit counts what the shard has of a job") {
  Shards shards(2, 40);
  shards.Tell({Group("g", 1, 60)});
  const auto refused = [&](size_t shard) {
    size_t count = 0;
    shards.managers[shard]->ForEachTarget([&](const TargetStatus& target) {
      count += target.last_error.find("target_limit exceeded") != std::string::npos;
    });
    return count;
  };
  CHECK(refused(0) == 0);
  CHECK(refused(1) == 0);
  shards.Tell({Group("h", 61, 250)});
  // Each has more than 40 now; a target is refused when it is due, the new ones at once.
  CHECK(refused(0) > 0);
  CHECK(refused(1) > 0);
}

TEST_CASE("one shard has all, and nobody else any") {
  Shards shards(1);
  shards.Tell({Group("g", 1, 30)});
  CHECK(shards.UrlsOf(0).size() == 30);
  CHECK(shards.managers[0]->OtherShardsCounts().empty());
}

}  // namespace
}  // namespace limpet
