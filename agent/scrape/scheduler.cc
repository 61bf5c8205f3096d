#include "agent/scrape/scheduler.h"

#include <algorithm>

namespace limpet {
namespace {

constexpr Millis kNewItemSpacing{1};
constexpr int kNewItemBurst = 100;
constexpr int kTicksPerTurnMax = 256;
// A place on the grid that comes within a tenth of the interval behind the first tick is passed
// over: it would only scrape the same values again.
constexpr int64_t kFirstTickDistance = 10;
// Places in an interval. Of many targets some share one: waking up once for several of them, and
// reading several answers in a turn, costs much less than one at a time.
constexpr int64_t kPlacesPerInterval = 64;
// What a due time is rounded up by, since the wall clock is read in milliseconds.
constexpr Millis kDueRounding{1};

// The first place on the grid after `wall_ms`.
int64_t NextOnGrid(int64_t wall_ms, int64_t interval_ms, int64_t offset_ms) {
  int64_t since = (wall_ms - offset_ms) % interval_ms;
  if (since < 0) since += interval_ms;
  return wall_ms - since + interval_ms;
}

int64_t OffsetOf(uint64_t hash, int64_t interval_ms) {
  const auto offset = static_cast<int64_t>(hash % static_cast<uint64_t>(interval_ms));
  const int64_t width = std::max<int64_t>(1, interval_ms / kPlacesPerInterval);
  return offset - offset % width;
}

}  // namespace

void Scheduler::Add(Scheduled& item, Millis interval, uint64_t offset_hash, bool at_once) {
  item.interval_ms_ = std::max<int64_t>(1, interval.count());
  item.offset_ms_ = OffsetOf(offset_hash, item.interval_ms_);
  item.grid_ms_ = Tick::kOffGrid;
  if (paused_) {
    Enqueue(item, clock_.Now());
  } else if (!at_once) {
    EnqueueNext(item, 0);
  } else if (const SteadyTime due = AdmitNew(); due > clock_.Now()) {
    Enqueue(item, due);
  } else {
    EnqueueNext(item, item.interval_ms_ / kFirstTickDistance);
    item.OnTick({clock_.Now(), clock_.WallMs(), Tick::kOffGrid});
  }
  Arm();
}

void Scheduler::Remove(Scheduled& item) { queue_.erase({item.due_, &item}); }

void Scheduler::Pause() {
  paused_ = true;
  timer_.Cancel();
  armed_for_ = SteadyTime::max();
}

void Scheduler::Resume() {
  if (!std::exchange(paused_, false)) return;
  const SteadyTime now = clock_.Now();
  for (const auto& [due, item] : std::exchange(queue_, {})) {
    item->grid_ms_ = Tick::kOffGrid;
    Enqueue(*item, std::max(AdmitNew(), now));
  }
  Arm();
}

// The time from which one more new item may start.
SteadyTime Scheduler::AdmitNew() {
  const SteadyTime now = clock_.Now();
  next_new_ = std::max(next_new_, now - kNewItemSpacing * kNewItemBurst) + kNewItemSpacing;
  return next_new_;
}

void Scheduler::Enqueue(Scheduled& item, SteadyTime due) {
  item.due_ = due;
  queue_.emplace(due, &item);
}

void Scheduler::EnqueueNext(Scheduled& item, int64_t distance_ms_min) {
  const int64_t wall_ms = clock_.WallMs();
  int64_t next = NextOnGrid(wall_ms + distance_ms_min, item.interval_ms_, item.offset_ms_);
  // A wall clock that is being slowed down may not have reached the tick that just ran.
  if (next == item.grid_ms_ && next - wall_ms < item.interval_ms_ / 2) next += item.interval_ms_;
  item.grid_ms_ = next;
  Enqueue(item, clock_.Now() + Millis(next - wall_ms));
}

void Scheduler::Run() {
  armed_for_ = SteadyTime::max();
  const SteadyTime now = clock_.Now();
  const int64_t wall_ms = clock_.WallMs();
  for (int ticks = 0; ticks < kTicksPerTurnMax && !queue_.empty(); ++ticks) {
    const auto [due, item] = *queue_.begin();
    const bool rounded = item->grid_ms_ != Tick::kOffGrid && item->grid_ms_ <= wall_ms;
    if (paused_ || due > now + (rounded ? kDueRounding : Millis(0))) break;
    RunOne(*item, wall_ms);
  }
  Arm();
}

void Scheduler::RunOne(Scheduled& item, int64_t wall_ms) {
  const Tick tick{clock_.Now(), wall_ms, item.grid_ms_};
  const auto lateness = std::chrono::duration_cast<Millis>(tick.now - item.due_);
  lateness_seconds_.Observe(std::chrono::duration<double>(tick.now - item.due_).count());
  skipped_total_ += static_cast<uint64_t>(lateness.count() / item.interval_ms_);
  queue_.erase(queue_.begin());
  // Before the tick, which may remove the item.
  const bool first = item.grid_ms_ == Tick::kOffGrid;
  EnqueueNext(item, first ? item.interval_ms_ / kFirstTickDistance : 0);
  if (!item.OnTick(tick)) ++skipped_total_;
}

void Scheduler::Arm() {
  if (paused_ || queue_.empty()) return;
  const SteadyTime due = queue_.begin()->first;
  if (due >= armed_for_) return;
  armed_for_ = due;
  timer_.At(due, [this] { Run(); });
}

}  // namespace limpet
