#include "agent/scrape/body_pool.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace limpet {
namespace {

TEST_CASE("a body that began small keeps its first bytes when a pooled buffer comes free") {
  BodyPool pool;
  std::string slow;
  std::string fast;
  REQUIRE(pool.Append(slow, "http_"));
  REQUIRE(pool.Append(fast, std::string(1000, 'x')));
  pool.Release(std::move(fast));
  REQUIRE(pool.Append(slow, "requests_total 5"));
  CHECK(slow == "http_requests_total 5");
  pool.Release(std::move(slow));
  CHECK(pool.in_use() == 0);
}

TEST_CASE("a released buffer serves the next body") {
  BodyPool pool;
  std::string first;
  REQUIRE(pool.Append(first, std::string(1000, 'x')));
  const char* memory = first.data();
  pool.Release(std::move(first));
  std::string second;
  REQUIRE(pool.Append(second, "y"));
  CHECK(second == "y");
  CHECK(second.data() == memory);
  pool.Release(std::move(second));
}

TEST_CASE("what is under way is bounded, and a refusal leaves the body as it was") {
  BodyPool pool;
  std::string large;
  REQUIRE(pool.Append(large, std::string(BodyPool::kLargeBytesMax, 'x')));
  CHECK(!pool.Append(large, "y"));
  CHECK(large.size() == BodyPool::kLargeBytesMax);
  std::string another;
  CHECK(!pool.Append(another, std::string(2u << 20, 'x')));
  // The rest is for small ones.
  std::vector<std::string> small((BodyPool::kBytesMax - BodyPool::kLargeBytesMax) >> 20);
  for (std::string& one : small) REQUIRE(pool.Append(one, std::string(1u << 20, 'x')));
  std::string body;
  CHECK(!pool.Append(body, "a"));
  CHECK(body.empty());
  pool.Release(std::move(small[0]));
  CHECK(pool.Append(body, "a"));
  CHECK(body == "a");
  CHECK(!pool.Append(small[1], "y"));
  CHECK(small[1].size() == 1u << 20);
}

}  // namespace
}  // namespace limpet
