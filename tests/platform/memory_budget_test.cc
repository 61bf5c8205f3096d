#include "agent/platform/memory_budget.h"

#include <doctest/doctest.h>

#include <vector>

namespace limpet {
namespace {

class BudgetClock : public Clock {
 public:
  int64_t WallMs() const override { return 0; }
  SteadyTime Now() const override { return now; }
  SteadyTime now = std::chrono::steady_clock::now();
};

struct BudgetFixture {
  explicit BudgetFixture(uint64_t limit = 1000)
      : memory(loop, clock, {limit, "test"}, [this] {
          ++measured;
          return used;
        }) {}

  MemoryLevel At(uint64_t bytes) {
    used = bytes;
    return memory.Measure();
  }
  // What it is when the use has been so much for so long.
  MemoryLevel After(int64_t ms, uint64_t bytes) {
    At(bytes);
    clock.now += Millis(ms);
    return At(bytes);
  }

  EventLoop loop;
  BudgetClock clock;
  uint64_t used = 0;
  int measured = 0;
  MemoryBudget memory;
};

TEST_CASE("a level begins at its mark, at once, and several may be jumped") {
  BudgetFixture f;
  CHECK(f.At(699) == MemoryLevel::kNormal);
  CHECK(f.At(700) == MemoryLevel::kTrim);
  CHECK(f.At(799) == MemoryLevel::kTrim);
  CHECK(f.At(800) == MemoryLevel::kNoNewPages);
  CHECK(f.At(899) == MemoryLevel::kNoNewPages);
  CHECK(f.At(900) == MemoryLevel::kNoScrapes);
  CHECK(f.At(5000) == MemoryLevel::kNoScrapes);
  CHECK(BudgetFixture().At(900) == MemoryLevel::kNoScrapes);
  CHECK(f.memory.status().used_bytes == 5000);
  CHECK(f.memory.status().limit.origin == "test");
}

TEST_CASE("levels end one by one, five points below their marks, after a time there") {
  BudgetFixture f;
  f.At(900);
  CHECK(f.After(60'000, 850) == MemoryLevel::kNoScrapes);
  CHECK(f.After(999, 849) == MemoryLevel::kNoScrapes);
  SUBCASE("all the way down") {
    f.clock.now += Millis(1);
    CHECK(f.At(0) == MemoryLevel::kNoNewPages);
    CHECK(f.After(9'999, 0) == MemoryLevel::kNoNewPages);
    f.clock.now += Millis(1);
    CHECK(f.At(0) == MemoryLevel::kTrim);
    CHECK(f.After(1'999, 0) == MemoryLevel::kTrim);
    f.clock.now += Millis(1);
    CHECK(f.At(0) == MemoryLevel::kNormal);
    CHECK(f.After(60'000, 0) == MemoryLevel::kNormal);
  }
  SUBCASE("what rises between begins anew") {
    f.At(850);
    f.clock.now += Millis(1);
    CHECK(f.After(999, 849) == MemoryLevel::kNoScrapes);
    f.clock.now += Millis(1);
    CHECK(f.At(849) == MemoryLevel::kNoNewPages);
  }
  SUBCASE("each at its own mark") {
    CHECK(f.After(1'000, 750) == MemoryLevel::kNoNewPages);
    CHECK(f.After(60'000, 750) == MemoryLevel::kNoNewPages);
    CHECK(f.After(10'000, 749) == MemoryLevel::kTrim);
    CHECK(f.After(60'000, 650) == MemoryLevel::kTrim);
    CHECK(f.After(2'000, 649) == MemoryLevel::kNormal);
  }
}

TEST_CASE("around a mark nothing flutters") {
  BudgetFixture f;
  f.At(810);
  for (int i = 0; i < 100; ++i) {
    f.clock.now += MemoryBudget::kMeasurePeriod;
    CHECK(f.At(i % 5 == 0 ? 810 : 650) == MemoryLevel::kNoNewPages);
  }
}

TEST_CASE("remembering is given up where five seconds without scrapes do not help, bit by bit") {
  BudgetFixture f(6400);
  f.At(6400);
  CHECK(!f.memory.TakeForget(1));
  f.clock.now += MemoryBudget::kForgetAfter;
  CHECK(f.memory.TakeForget(60));
  CHECK(f.memory.TakeForget(1000));
  CHECK(!f.memory.TakeForget(1));
  f.At(5440);
  CHECK(f.memory.TakeForget(1));
  // On the way down it has been enough.
  f.At(5439);
  CHECK(!f.memory.TakeForget(1));
  CHECK(f.After(1'000, 5400) == MemoryLevel::kNoNewPages);
  f.clock.now += MemoryBudget::kForgetAfter;
  CHECK(!f.memory.TakeForget(1));
}

TEST_CASE("a reserve is kept from what stays, not from what comes and goes") {
  BudgetFixture f;
  MemoryBudget memory(f.loop, f.clock, {1000, "test", 100}, [&f] { return f.used; });
  f.used = 719;
  CHECK(memory.Measure() == MemoryLevel::kTrim);
  f.used = 720;
  CHECK(memory.Measure() == MemoryLevel::kNoNewPages);
  f.used = 899;
  CHECK(memory.Measure() == MemoryLevel::kNoNewPages);
  CHECK(memory.room() == 1);
}

TEST_CASE("room is what is left to the last mark") {
  BudgetFixture f;
  f.At(500);
  CHECK(f.memory.room() == 400);
  f.At(2000);
  CHECK(f.memory.room() == 0);
  CHECK(f.memory.BoundOf(100, 4) == 100);
  CHECK(f.memory.BoundOf(1000, 4) == 250);
}

TEST_CASE("without a limit nothing is measured, refused or bounded") {
  BudgetFixture f(0);
  bool released = false;
  f.memory.Start([&] { released = true; });
  CHECK(f.At(UINT64_MAX) == MemoryLevel::kNormal);
  f.loop.RunFor(Millis(0));
  CHECK(f.measured == 0);
  CHECK(!released);
  CHECK(f.memory.room() == UINT64_MAX);
  CHECK(!f.memory.TakeForget(0));
  CHECK(f.memory.BoundOf(1000, 4) == 1000);
  CHECK(f.memory.status().used_bytes == UINT64_MAX);
}

TEST_CASE("caches go when a level begins, later now and then, and every second at the last") {
  BudgetFixture f;
  int releases = 0;
  // The timer itself is real: one turn of it, so much later.
  const auto turn = [&](int64_t later_ms) {
    const int before = f.measured;
    f.clock.now += Millis(later_ms);
    for (int i = 0; i < 100 && f.measured == before; ++i) f.loop.RunFor(Millis(200));
    CHECK(f.measured == before + 1);
    return releases;
  };
  f.memory.Start([&] { ++releases; });
  CHECK(f.measured == 1);
  CHECK(turn(10'000) == 0);
  f.used = 700;
  CHECK(turn(0) == 1);
  CHECK(turn(9'999) == 1);
  CHECK(turn(1) == 2);
  f.used = 800;
  CHECK(turn(999) == 2);
  CHECK(turn(1) == 3);
  f.used = 900;
  CHECK(turn(1000) == 4);
  CHECK(turn(1000) == 5);
  CHECK(f.memory.status().trims_total == 5);
}

}  // namespace
}  // namespace limpet
