// The memory that limpet may use, and what it does without when that becomes scarce.
//
// Who calls it: main makes it, scraping asks it, web/ shows it; the loop's thread only.
// Operation: the use is measured every 250 ms, and by whoever is about to need much. Levels, each
// with what the ones before do, in percent of the limit, for the first two less its reserve:
//   from 70 %  trim          caches and freed memory go back to the system, every 10 s
//   from 80 %  no_new_pages  what needs memory that stays is refused: targets never read before,
//                            pages that have grown
//   from 90 %  no_scrapes    no target is scraped; where that does not help for 5 s, targets that
//                            are due give up what limpet remembers of their pages, bit by bit
// Levels are left one by one, when the use has been 5 points below the mark for a while, so that
// they do not flutter: 1 s for no_scrapes, as known targets wait; 10 s for no_new_pages, as what is
// let in stays; 2 s for trim. Never touched: the log and delivery, which give memory back, and
// discovery; the last tenth is for them, and for the kernel, which also keeps the program's own
// pages there. Without a limit nothing is measured but for status().
//
//   MemoryBudget memory(loop, clock, {512 << 20, "--memory.limit"}, [&] { return UsedBytes(); });
//   memory.Start([&] { scrape.ReleaseCaches(); });
//   if (memory.Measure() >= MemoryLevel::kNoNewPages) ...
#ifndef LIMPET_AGENT_PLATFORM_MEMORY_BUDGET_H_
#define LIMPET_AGENT_PLATFORM_MEMORY_BUDGET_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"

namespace limpet {

enum class MemoryLevel { kNormal, kTrim, kNoNewPages, kNoScrapes };

std::string_view MemoryLevelText(MemoryLevel level);

struct MemoryLimit {
  uint64_t bytes = 0;  // 0: none
  std::string origin;  // the file or the option that says so
  // Of it, for what comes and goes by itself: a receiver that lags makes limpet read the log back.
  uint64_t reserve_bytes = 0;
};

struct MemoryStatus {
  MemoryLimit limit;
  uint64_t used_bytes = 0;
  MemoryLevel level = MemoryLevel::kNormal;
  uint64_t trims_total = 0;
};

class MemoryBudget {
 public:
  static constexpr Millis kMeasurePeriod{250};
  static constexpr Millis kForgetAfter{5000};
  // A measurement lets so much of the limit be forgotten: 1/64.
  static constexpr uint64_t kForgetPart = 64;

  MemoryBudget(EventLoop& loop, const Clock& clock, MemoryLimit limit,
               std::function<uint64_t()> used_bytes);

  // Measures from now on. `release_caches` is called from the loop alone.
  void Start(std::function<void()> release_caches);

  // Measures now.
  MemoryLevel Measure();
  MemoryLevel level() const { return level_; }
  // As of the last measurement: bytes up to the mark of kNoScrapes.
  uint64_t room() const;
  // Whether so many bytes are to be given up: at kNoScrapes for so long that not scraping alone
  // does not help.
  bool TakeForget(uint64_t bytes);
  // A bound that is bytes_max, or 1/parts of the limit where that is less.
  uint64_t BoundOf(uint64_t bytes_max, uint64_t parts) const;
  MemoryStatus status() const;

 private:
  void OnTimer();
  void TrimIfDue();
  void ChangeTo(MemoryLevel level, SteadyTime now);
  uint64_t Mark(MemoryLevel level, unsigned points_below = 0) const;

  const Clock& clock_;
  const MemoryLimit limit_;
  const std::function<uint64_t()> used_now_;
  std::function<void()> release_caches_;
  Timer timer_;
  uint64_t used_bytes_ = 0;
  MemoryLevel level_ = MemoryLevel::kNormal;
  SteadyTime level_since_;
  std::optional<SteadyTime> below_since_;  // low enough to leave the level
  uint64_t forget_bytes_ = 0;              // until the next measurement
  std::optional<SteadyTime> trimmed_;
  MemoryLevel trimmed_at_ = MemoryLevel::kNormal;
  uint64_t trims_total_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_MEMORY_BUDGET_H_
