#include "agent/scrape/scheduler.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace limpet {
namespace {

class ManualClock final : public Clock {
 public:
  int64_t WallMs() const override { return wall_ms; }
  SteadyTime Now() const override { return SystemClock().Now(); }
  int64_t wall_ms = 1'000'000;
};

class Item final : public Scheduled {
 public:
  bool OnTick(const Tick& tick) override {
    ticks.push_back(tick);
    return answer;
  }
  std::vector<Tick> ticks;
  bool answer = true;
};

void RunUntilTicks(EventLoop& loop, const Item& item, size_t count) {
  const SteadyTime end = SystemClock().Now() + Millis(20'000);
  while (item.ticks.size() < count && SystemClock().Now() < end) loop.RunFor(Millis(20));
  REQUIRE(item.ticks.size() >= count);
}

TEST_CASE("a new item ticks at once and off the grid, then on it") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item item;
  clock.wall_ms = 1'000'007;
  scheduler.Add(item, Millis(10), 13, true);
  REQUIRE(item.ticks.size() == 1);
  CHECK(item.ticks[0].grid_ms == Tick::kOffGrid);
  clock.wall_ms = 1'000'013;
  RunUntilTicks(loop, item, 2);
  CHECK(item.ticks[1].grid_ms == 1'000'013);
  scheduler.Remove(item);
}

TEST_CASE("a place on the grid right behind the first tick is passed over") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item item;
  clock.wall_ms = 1'000'010;
  scheduler.Add(item, Millis(100), 15, true);  // 5 ms behind it
  REQUIRE(item.ticks.size() == 1);
  RunUntilTicks(loop, item, 2);
  CHECK(item.ticks[1].grid_ms == 1'000'115);
  scheduler.Remove(item);
}

TEST_CASE("an item that is not new waits for its place") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item item;
  scheduler.Add(item, Millis(20), 3, false);
  CHECK(item.ticks.empty());
  clock.wall_ms = 1'000'003;
  RunUntilTicks(loop, item, 1);
  CHECK(item.ticks[0].grid_ms == 1'000'003);
  scheduler.Remove(item);
}

TEST_CASE("a wall clock that lags does not make a tick come twice") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item item;
  scheduler.Add(item, Millis(20), 3, false);
  clock.wall_ms = 1'000'002;  // the timer fires one millisecond early by this clock
  RunUntilTicks(loop, item, 1);
  CHECK(item.ticks[0].grid_ms == 1'000'003);
  clock.wall_ms = 1'000'023;
  RunUntilTicks(loop, item, 2);
  CHECK(item.ticks[1].grid_ms == 1'000'023);
  scheduler.Remove(item);
}

TEST_CASE("a wall clock that jumps back costs one interval at most") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item item;
  scheduler.Add(item, Millis(10), 0, false);
  clock.wall_ms = 500'000;
  RunUntilTicks(loop, item, 2);
  CHECK(item.ticks[1].grid_ms == 500'010);
  scheduler.Remove(item);
}

TEST_CASE("a tick that is refused is counted as skipped") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item item;
  item.answer = false;
  scheduler.Add(item, Millis(1000), 1, false);
  clock.wall_ms += 1;
  RunUntilTicks(loop, item, 1);
  CHECK(scheduler.skipped_total() == 1);
  scheduler.Remove(item);
  CHECK(scheduler.lateness_seconds().count() == 1);
}

TEST_CASE("items of one place in the interval tick together") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item first;
  Item same;
  Item next;
  clock.wall_ms = 999'999;
  const Millis interval(64 * 20);  // places of 20 ms, one of them at 1'000'000
  scheduler.Add(first, interval, 1600, false);
  scheduler.Add(same, interval, 1619, false);
  scheduler.Add(next, interval, 1620, false);
  clock.wall_ms = 1'000'000;
  RunUntilTicks(loop, first, 1);
  RunUntilTicks(loop, same, 1);
  RunUntilTicks(loop, next, 1);
  CHECK(first.ticks[0].grid_ms == 1'000'000);
  CHECK(same.ticks[0].grid_ms == 1'000'000);
  CHECK(next.ticks[0].grid_ms == 1'000'020);
  for (Item* item : {&first, &same, &next}) scheduler.Remove(*item);
}

TEST_CASE("of many new items some have to wait a little") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 3000; ++i) {
    items.push_back(std::make_unique<Item>());
    scheduler.Add(*items.back(), Millis(3'600'000), 1, true);
  }
  CHECK(items.front()->ticks.size() == 1);
  CHECK(items.back()->ticks.empty());
  RunUntilTicks(loop, *items.back(), 1);
  CHECK(items.back()->ticks[0].grid_ms == Tick::kOffGrid);
  for (const auto& item : items) scheduler.Remove(*item);
}

TEST_CASE("paused, nothing ticks; then all do, off the grid first and then on it") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  Item before;
  Item during;
  Item gone;
  scheduler.Add(before, Millis(20), 3, true);
  scheduler.Add(gone, Millis(20), 3, true);
  scheduler.Pause();
  scheduler.Pause();
  scheduler.Add(during, Millis(20), 7, true);
  scheduler.Remove(gone);
  CHECK(before.ticks.size() == 1);
  CHECK(during.ticks.empty());
  // Several intervals: none of them comes.
  loop.RunFor(Millis(60));
  CHECK(before.ticks.size() == 1);
  CHECK(during.ticks.empty());

  scheduler.Resume();
  CHECK(before.ticks.size() == 1);
  RunUntilTicks(loop, before, 3);
  RunUntilTicks(loop, during, 2);
  CHECK(before.ticks[1].grid_ms == Tick::kOffGrid);
  CHECK(before.ticks[2].grid_ms % 20 == 3);
  CHECK(during.ticks[0].grid_ms == Tick::kOffGrid);
  CHECK(during.ticks[1].grid_ms % 20 == 7);
  CHECK(gone.ticks.size() == 1);
  scheduler.Resume();
  scheduler.Remove(before);
  scheduler.Remove(during);
}

TEST_CASE("pausing from inside a tick ends the turn") {
  EventLoop loop;
  ManualClock clock;
  Scheduler scheduler(loop, clock);
  class Pauser final : public Scheduled {
   public:
    explicit Pauser(Scheduler& scheduler) : scheduler_(scheduler) {}
    bool OnTick(const Tick&) override {
      ++ticks;
      scheduler_.Pause();
      return true;
    }
    int ticks = 0;

   private:
    Scheduler& scheduler_;
  };
  Pauser first(scheduler);
  Pauser second(scheduler);
  scheduler.Add(first, Millis(10), 0, false);
  scheduler.Add(second, Millis(10), 0, false);
  const SteadyTime end = SystemClock().Now() + Millis(20'000);
  while (first.ticks + second.ticks == 0 && SystemClock().Now() < end) loop.RunFor(Millis(20));
  loop.RunFor(Millis(50));
  CHECK(first.ticks + second.ticks == 1);
  scheduler.Remove(first);
  scheduler.Remove(second);
}

}  // namespace
}  // namespace limpet
