#include "agent/scrape/shard.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace limpet {
namespace {

uint32_t OwnerOf(uint64_t identity, uint32_t count) {
  uint32_t owner = count;
  for (uint32_t index = 0; index < count; ++index) {
    if (!Shard{count, index}.Owns(identity)) continue;
    CHECK_MESSAGE(owner == count, identity, " has two shards of ", count);
    owner = index;
  }
  REQUIRE_MESSAGE(owner < count, identity, " has no shard of ", count);
  return owner;
}

TEST_CASE("each target has exactly one shard, and shards are even") {
  std::mt19937_64 random(1);
  for (const uint32_t count : {1u, 2u, 3u, 7u, 16u}) {
    constexpr uint32_t kTargets = 16'000;
    std::vector<uint32_t> owned(count);
    for (uint32_t i = 0; i < kTargets; ++i) ++owned[OwnerOf(random(), count)];
    for (const uint32_t number : owned) {
      CHECK(number > kTargets / count * 8 / 10);
      CHECK(number < kTargets / count * 12 / 10);
    }
  }
}

TEST_CASE("one shard more takes its part of the others, and nothing moves between those") {
  std::mt19937_64 random(2);
  for (uint32_t count = 1; count < 20; ++count) {
    constexpr uint32_t kTargets = 5'000;
    uint32_t moved = 0;
    for (uint32_t i = 0; i < kTargets; ++i) {
      const uint64_t identity = random();
      const uint32_t before = OwnerOf(identity, count);
      const uint32_t after = OwnerOf(identity, count + 1);
      if (after == before) continue;
      ++moved;
      CHECK(after == count);
    }
    CHECK(moved > kTargets / (count + 1) * 7 / 10);
    CHECK(moved < kTargets / (count + 1) * 13 / 10);
  }
}

// Another release, compiler or machine must not move anything: these are the algorithm's own.
TEST_CASE("known identities have known shards") {
  const auto owners = [](uint64_t identity) {
    return std::vector<uint32_t>{OwnerOf(identity, 2), OwnerOf(identity, 10),
                                 OwnerOf(identity, 1000)};
  };
  CHECK(owners(0) == std::vector<uint32_t>{0, 0, 0});
  CHECK(owners(1) == std::vector<uint32_t>{0, 6, 549});
  CHECK(owners(0xdeadbeef) == std::vector<uint32_t>{1, 5, 285});
  CHECK(owners(UINT64_MAX) == std::vector<uint32_t>{1, 9, 313});
}

TEST_CASE("a shard is a number or a pod's name") {
  CHECK(ParseShard("1", "").value() == Shard{1, 0});
  CHECK(ParseShard("1", "0").value() == Shard{1, 0});
  CHECK(ParseShard("3", "2").value() == Shard{3, 2});
  CHECK(ParseShard("3", "limpet-2").value() == Shard{3, 2});
  CHECK(ParseShard("12", "my-limpet-r1-11").value() == Shard{12, 11});
  CHECK(ParseShard("1024", "1023").value() == Shard{1024, 1023});
}

TEST_CASE("what is no shard is an error that says what was expected") {
  const auto error = [](const char* shards, const char* shard) {
    const auto parsed = ParseShard(shards, shard);
    REQUIRE(!parsed);
    return parsed.error().message;
  };
  const std::string counts = "--shards: expected a number from 1 to 1024, found ";
  for (const std::string text :
       {"0", "1025", "-1", "", "2x", " 2", "99999999999999999999", "1.5"}) {
    CHECK(error(text.c_str(), "0") == counts + "\"" + text + "\"");
  }
  CHECK(error("2", "") == "--shard is missing: which of the 2 shards this is, from 0");
  CHECK(error("2", "2") == "--shard: \"2\" is shard 2, and --shards 2 has shards 0 to 1");
  CHECK(error("1", "limpet-1") ==
        "--shard: \"limpet-1\" is shard 1, and --shards 1 has shards 0 to 0");
  for (const char* text : {"limpet", "limpet-", "-1", "limpet-x1", "1-", "99999999999999999999"}) {
    CHECK(error("2", text).starts_with("--shard: expected a number or a name that ends in one"));
  }
}

}  // namespace
}  // namespace limpet
