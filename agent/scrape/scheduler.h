// When each target is scraped: at once when it is new, then at its own offset in its interval.
//
// Who calls it: the scrape manager and its targets, on the loop's thread. Items may be added and
// removed from inside OnTick. Operation: one timer for all. Ticks lie on a grid of absolute wall
// time (offset modulo interval), so that they stay where they are over restarts; the next one is
// found anew after each tick, so a wall clock that jumps costs at most one interval. An interval
// has at most 64 places: of many targets some are scraped together, which saves wake-ups. A late
// tick is run once; those missed are counted. While it is paused nothing ticks; on resuming every
// item does, as if it were new, and then at its own place. Limits: many new items at once start no
// faster than one a millisecond after the first 100, so that a start with thousands of targets does
// not hold thousands of bodies; at most 256 ticks a turn.
#ifndef LIMPET_AGENT_SCRAPE_SCHEDULER_H_
#define LIMPET_AGENT_SCRAPE_SCHEDULER_H_

#include <cstdint>
#include <set>
#include <utility>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/histogram.h"

namespace limpet {

struct Tick {
  SteadyTime now;
  int64_t wall_ms = 0;  // when the turn began, for all ticks of one place
  // The place on the grid that this tick is for; none for the first one of a new item.
  int64_t grid_ms = kOffGrid;
  static constexpr int64_t kOffGrid = INT64_MIN;
};

class Scheduled {
 public:
  virtual ~Scheduled() = default;
  // False: the work of an earlier tick is still going on, this one is skipped.
  virtual bool OnTick(const Tick& tick) = 0;

 private:
  friend class Scheduler;
  int64_t interval_ms_ = 0;
  int64_t offset_ms_ = 0;
  int64_t grid_ms_ = Tick::kOffGrid;
  SteadyTime due_;
};

class Scheduler {
 public:
  Scheduler(EventLoop& loop, const Clock& clock) : clock_(clock), timer_(loop) {}

  // `at_once`: the first tick comes before this returns, unless too many others came at once too.
  void Add(Scheduled& item, Millis interval, uint64_t offset_hash, bool at_once);
  void Remove(Scheduled& item);
  void Pause();
  bool paused() const { return paused_; }
  // The ticks come later, none from inside.
  void Resume();

  uint64_t skipped_total() const { return skipped_total_; }
  const Histogram& lateness_seconds() const { return lateness_seconds_; }

 private:
  using Queue = std::set<std::pair<SteadyTime, Scheduled*>>;
  void Run();
  void RunOne(Scheduled& item, int64_t wall_ms);
  void Enqueue(Scheduled& item, SteadyTime due);
  void EnqueueNext(Scheduled& item, int64_t distance_ms_min);
  void Arm();
  SteadyTime AdmitNew();

  const Clock& clock_;
  Timer timer_;
  bool paused_ = false;
  Queue queue_;  // while it is paused, only to know the items
  SteadyTime armed_for_ = SteadyTime::max();
  SteadyTime next_new_;
  uint64_t skipped_total_ = 0;
  Histogram lateness_seconds_{{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5}};
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCHEDULER_H_
