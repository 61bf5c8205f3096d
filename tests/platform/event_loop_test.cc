#include "agent/platform/event_loop.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

namespace limpet {
namespace {

SteadyTime Past() { return std::chrono::steady_clock::now() - Millis(1); }

TEST_CASE("posted functions run in order, and Stop ends Run") {
  EventLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    loop.Post([&order, i] { order.push_back(i); });
  }
  loop.Post([&] {
    loop.Post([&] {
      order.push_back(4);
      loop.Stop();
    });
    order.push_back(3);
  });
  loop.Run();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("Run waits for other threads' posts and may be called again") {
  EventLoop loop;
  for (int round = 0; round < 2; ++round) {
    int calls = 0;
    std::thread other([&] {
      for (int i = 0; i < 100; ++i) loop.Post([&] { ++calls; });
      loop.Post([&] { loop.Stop(); });
    });
    loop.Run();
    other.join();
    CHECK(calls == 100);
  }
}

TEST_CASE("a Stop before Run is not lost") {
  EventLoop loop;
  bool ran = false;
  loop.Post([&] { ran = true; });
  loop.Stop();
  loop.Run();
  CHECK_FALSE(ran);
}

TEST_CASE("RunFor handles what is ready, and ends without events") {
  EventLoop loop;
  loop.RunFor(Millis(0));
  int calls = 0;
  loop.Post([&] { ++calls; });
  loop.Post([&] { ++calls; });
  loop.RunFor(Millis(1000));
  CHECK(calls == 2);
}

TEST_CASE("RunFor is not held by a function that posts itself") {
  EventLoop loop;
  int calls = 0;
  std::function<void()> again = [&] {
    ++calls;
    loop.Post(again);
  };
  loop.Post(again);
  loop.RunFor(Millis(1000));
  CHECK(calls > 0);
}

TEST_CASE("timers fire in the order of their times") {
  EventLoop loop;
  Timer late(loop), early(loop);
  std::vector<int> order;
  late.After(Millis(2), [&] {
    order.push_back(2);
    loop.Stop();
  });
  early.After(Millis(1), [&] { order.push_back(1); });
  loop.Run();
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("a timer fires once, for its last setting only") {
  EventLoop loop;
  Timer timer(loop), end(loop);
  int first = 0, second = 0;
  timer.At(Past(), [&] { ++first; });
  timer.At(Past(), [&] { ++second; });
  end.After(Millis(5), [&] { loop.Stop(); });
  loop.Run();
  CHECK(first == 0);
  CHECK(second == 1);
}

TEST_CASE(
    "a timer that has expired but not been called can still be cancelled, set and destroyed") {
  EventLoop loop;
  Timer cancels(loop), cancelled(loop), set_again(loop);
  std::optional<Timer> destroyed(std::in_place, loop);
  std::vector<int> calls;
  const auto when = Past();
  // All have expired when the first is called.
  cancels.At(when, [&] {
    calls.push_back(0);
    cancelled.Cancel();
    set_again.At(Past(), [&] {
      calls.push_back(1);
      loop.Stop();
    });
    destroyed.reset();
  });
  cancelled.At(when + std::chrono::microseconds(1), [&] { calls.push_back(100); });
  set_again.At(when + std::chrono::microseconds(2), [&] { calls.push_back(101); });
  destroyed->At(when + std::chrono::microseconds(3), [&] { calls.push_back(102); });
  loop.Run();
  CHECK(calls == std::vector<int>{0, 1});
}

TEST_CASE("a timer may be destroyed and set again from its own call") {
  EventLoop loop;
  std::optional<Timer> timer(std::in_place, loop);
  int calls = 0;
  timer->At(Past(), [&] {
    ++calls;
    timer->At(Past(), [&] {
      ++calls;
      timer.reset();
      loop.Stop();
    });
  });
  loop.Run();
  CHECK(calls == 2);
}

TEST_CASE("a delay without bound does not wrap around") {
  EventLoop loop;
  Timer never(loop), forever(loop), end(loop);
  bool fired = false;
  never.After(Millis::max(), [&] { fired = true; });
  forever.At(SteadyTime::max(), [&] { fired = true; });
  end.After(Millis(5), [&] { loop.Stop(); });
  loop.Run();
  CHECK_FALSE(fired);
}

TEST_CASE("the scratch buffer has 64 KiB") {
  EventLoop loop;
  CHECK(loop.scratch().size() == 64 * 1024);
  loop.scratch().back() = 'x';
}

TEST_CASE("a timer without delay fires in a later turn, and like any other") {
  EventLoop loop;
  std::vector<int> fired;
  Timer timer(loop), again(loop), cancelled(loop), later(loop);
  std::optional<Timer> destroyed(std::in_place, loop);
  timer.After(Millis(0), [&] { fired.push_back(1); });
  CHECK(fired.empty());
  again.After(Millis(0), [&] { fired.push_back(-1); });
  again.After(Millis(-5), [&] { fired.push_back(2); });
  later.After(Millis(0), [&] { fired.push_back(-2); });
  later.At(Past(), [&] { fired.push_back(3); });
  cancelled.After(Millis(0), [&] { fired.push_back(-3); });
  cancelled.Cancel();
  destroyed->After(Millis(0), [&] { fired.push_back(-4); });
  destroyed.reset();
  Timer last(loop);
  last.After(Millis(20), [&] { loop.Stop(); });
  loop.Run();
  std::sort(fired.begin(), fired.end());
  CHECK(fired == std::vector<int>{1, 2, 3});
}

}  // namespace
}  // namespace limpet
