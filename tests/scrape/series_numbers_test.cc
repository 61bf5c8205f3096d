#include "agent/scrape/series_numbers.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace limpet {

TEST_CASE("a hash keeps the number that it first had, also where all of them meet in one place") {
  for (const uint64_t stride : {uint64_t{1}, uint64_t{1} << 32, uint64_t{1} << 63}) {
    std::mt19937_64 random(1);
    for (const size_t most : {0, 1, 2, 3, 100, 1000}) {
      SeriesNumbers numbers(most);
      std::map<uint64_t, uint32_t> plain;
      for (uint32_t i = 0; plain.size() < most && i < 10'000; ++i) {
        const uint64_t hash = random() % 2000 * stride;  // 0 among them
        CHECK((numbers.Find(hash) != nullptr) == plain.contains(hash));
        const auto [at, added] = plain.try_emplace(hash, i);
        const std::pair<uint32_t, bool> expected(at->second, added);
        CHECK(numbers.Add(hash, i) == expected);
        CHECK(*numbers.Find(hash) == at->second);
      }
      CHECK(numbers.Find(2001 * stride + 7) == nullptr);
    }
  }
}

}  // namespace limpet
