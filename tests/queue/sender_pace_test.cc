// How many lanes a receiver gets, from answers that a test makes up; and where the cursor may go.
#include "queue/sender_pace.h"

#include <doctest/doctest.h>

#include <functional>

#include "queue/sender_checkpoints.h"

namespace limpet {
namespace {

// A receiver whose answers take as long as `took` says for that many requests at a time.
struct Simulation {
  explicit Simulation(std::function<Millis(size_t lanes)> with) : took(std::move(with)) {}

  void Run(Millis time) {
    for (const SteadyTime end = now + time; now < end;) {
      const Millis each = took(lanes);
      now += each / static_cast<int>(lanes);
      pace.OnAnswer({each, samples, full, backlog}, now);
      if (pace.wanted() == lanes) continue;
      lanes = pace.wanted();
      most = std::max(most, lanes);
      pace.OnLanes(lanes, now);
    }
  }

  std::function<Millis(size_t lanes)> took;
  uint64_t samples = 5000;
  bool full = true;
  bool backlog = true;
  LanePace pace{1, 16};
  size_t lanes = 1;
  size_t most = 1;
  SteadyTime now = SteadyTime{} + Millis(1'000'000);
};

TEST_CASE("a far receiver with a backlog gets all the lanes there may be") {
  Simulation s([](size_t) { return Millis(320); });
  s.Run(Millis(60'000));
  CHECK(s.lanes == 16);
}

TEST_CASE("lanes that bring nothing are taken back") {
  // One request at a time uses all that the receiver has.
  Simulation s([](size_t lanes) { return Millis(32) * static_cast<int>(lanes); });
  s.Run(Millis(20'000));
  CHECK(s.lanes == 1);
  CHECK(s.most == 2);
  // It takes four at a time.
  Simulation t([](size_t lanes) { return Millis(320) * static_cast<int>((lanes + 3) / 4); });
  t.Run(Millis(25'000));
  CHECK(t.lanes == 4);
}

TEST_CASE("without a backlog lanes go one by one, as far as they are not needed") {
  Simulation s([](size_t) { return Millis(320); });
  s.Run(Millis(60'000));
  REQUIRE(s.lanes == 16);
  s.backlog = false;
  // As before, but now nine in ten of the time nothing is to be sent.
  for (int i = 0; i < 1000; ++i) {
    s.Run(Millis(1));
    s.now += Millis(200);
  }
  CHECK(s.lanes <= 3);
}

TEST_CASE("no backlog, small batches or idle lanes are no reason for more") {
  Simulation caught_up([](size_t) { return Millis(320); });
  caught_up.backlog = false;
  caught_up.Run(Millis(20'000));
  CHECK(caught_up.most == 1);
  Simulation small([](size_t) { return Millis(320); });
  small.full = false;
  small.Run(Millis(20'000));
  CHECK(small.most == 1);
}

TEST_CASE("a refusal halves the lanes, and they do not come back at once") {
  Simulation s([](size_t) { return Millis(320); });
  s.Run(Millis(60'000));
  REQUIRE(s.lanes == 16);
  s.pace.OnRefused(s.now);
  CHECK(s.pace.wanted() == 8);
  s.pace.OnLanes(8, s.now);
  for (int i = 0; i < 5; ++i) {
    s.pace.OnRefused(s.now);
    s.pace.OnLanes(s.pace.wanted(), s.now);
  }
  CHECK(s.pace.wanted() == 1);
  s.lanes = 1;
  s.most = 1;
  s.Run(Millis(9000));
  CHECK(s.most == 1);
  s.Run(Millis(60'000));
  CHECK(s.lanes == 16);
}

TEST_CASE("a receiver that slows down gets fewer lanes") {
  bool slow = false;
  Simulation s([&](size_t lanes) {
    return slow ? Millis(320) * static_cast<int>(lanes) * static_cast<int>(lanes) : Millis(320);
  });
  s.Run(Millis(60'000));
  REQUIRE(s.lanes == 16);
  slow = true;
  s.Run(Millis(1'500'000));
  CHECK(s.lanes <= 4);
}

TEST_CASE("lanes stay between their bounds") {
  LanePace pace(3, 5);
  CHECK(pace.wanted() == 3);
  for (int i = 0; i < 5; ++i) pace.OnRefused(SteadyTime{} + Millis(i));
  CHECK(pace.wanted() == 3);
  LanePace none(0, 0);
  CHECK(none.wanted() == 1);
  CHECK(none.lanes_max() == 1);
}

TEST_CASE("a place in the log is safe when every batch begun before it is settled") {
  SenderCheckpoints checkpoints;
  checkpoints.Reached({1, 10});
  CHECK(checkpoints.TakeSafe() == LogPosition{1, 10});  // nothing is in a batch
  CHECK_FALSE(checkpoints.TakeSafe());
  const uint64_t a = checkpoints.Begin();
  checkpoints.Reached({1, 20});
  const uint64_t b = checkpoints.Begin();
  checkpoints.Reached({1, 30});
  checkpoints.Reached({1, 40});
  const uint64_t c = checkpoints.Begin();
  checkpoints.Settle(b);
  CHECK_FALSE(checkpoints.TakeSafe());
  checkpoints.Settle(a);
  CHECK(checkpoints.TakeSafe() == LogPosition{1, 40});
  checkpoints.Settle(c);
  CHECK_FALSE(checkpoints.TakeSafe());
  checkpoints.Reached({2, 8});
  CHECK(checkpoints.TakeSafe() == LogPosition{2, 8});
}

}  // namespace
}  // namespace limpet
