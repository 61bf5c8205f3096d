#include "agent/platform/memory_budget.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "agent/platform/free_memory.h"
#include "agent/platform/logging.h"

namespace limpet {
namespace {

struct LevelRow {
  std::string_view text;
  unsigned percent;
  Millis leave_after;
};
constexpr std::array<LevelRow, 4> kLevels = {{{"normal", 0, Millis(0)},
                                              {"trim", 70, Millis(2000)},
                                              {"no_new_pages", 80, Millis(10'000)},
                                              {"no_scrapes", 90, Millis(1000)}}};
constexpr unsigned kLeavePoints = 5;

constexpr Millis kTrimPeriod{10'000};
constexpr Millis kTrimPeriodMin{1000};  // also where nothing else is done

const LevelRow& RowOf(MemoryLevel level) { return kLevels[static_cast<size_t>(level)]; }

}  // namespace

std::string_view MemoryLevelText(MemoryLevel level) { return RowOf(level).text; }

MemoryBudget::MemoryBudget(EventLoop& loop, const Clock& clock, MemoryLimit limit,
                           std::function<uint64_t()> used_bytes)
    : clock_(clock), limit_(std::move(limit)), used_now_(std::move(used_bytes)), timer_(loop) {}

void MemoryBudget::Start(std::function<void()> release_caches) {
  release_caches_ = std::move(release_caches);
  if (limit_.bytes == 0) return;
  KeepLargeBlocksApart();
  OnTimer();
}

void MemoryBudget::OnTimer() {
  Measure();
  TrimIfDue();
  timer_.After(kMeasurePeriod, [this] { OnTimer(); });
}

void MemoryBudget::TrimIfDue() {
  if (level_ == MemoryLevel::kNormal) {
    trimmed_at_ = MemoryLevel::kNormal;
    return;
  }
  const bool soon = level_ > trimmed_at_ || level_ == MemoryLevel::kNoScrapes;
  const SteadyTime now = clock_.Now();
  if (trimmed_ && now - *trimmed_ < (soon ? kTrimPeriodMin : kTrimPeriod)) return;
  if (release_caches_) release_caches_();
  ReturnFreeMemory();
  ++trims_total_;
  trimmed_ = now;
  trimmed_at_ = level_;
}

uint64_t MemoryBudget::Mark(MemoryLevel level, unsigned points_below) const {
  const uint64_t reserve = level == MemoryLevel::kNoScrapes ? 0 : limit_.reserve_bytes;
  // Of huge limits, too, without an overflow.
  return (limit_.bytes - reserve) / 100 * (RowOf(level).percent - points_below);
}

MemoryLevel MemoryBudget::Measure() {
  if (limit_.bytes == 0) return level_;
  used_bytes_ = used_now_();
  forget_bytes_ = limit_.bytes / kForgetPart;
  const SteadyTime now = clock_.Now();
  auto risen = MemoryLevel::kNoScrapes;
  while (risen > level_ && used_bytes_ < Mark(risen)) {
    risen = static_cast<MemoryLevel>(static_cast<int>(risen) - 1);
  }
  if (risen > level_) {
    ChangeTo(risen, now);
    return level_;
  }
  if (level_ == MemoryLevel::kNormal || used_bytes_ >= Mark(level_, kLeavePoints)) {
    below_since_.reset();
  } else if (!below_since_) {
    below_since_ = now;
  } else if (now - *below_since_ >= RowOf(level_).leave_after) {
    ChangeTo(static_cast<MemoryLevel>(static_cast<int>(level_) - 1), now);
  }
  return level_;
}

void MemoryBudget::ChangeTo(MemoryLevel level, SteadyTime now) {
  const bool worse = level > level_;
  level_ = level;
  level_since_ = now;
  below_since_.reset();
  const auto log = worse && level >= MemoryLevel::kNoNewPages ? LogWarn : LogInfo;
  log(worse ? "memory becomes scarce" : "memory is less scarce", {{"level", MemoryLevelText(level)},
                                                                  {"used_bytes", used_bytes_},
                                                                  {"limit_bytes", limit_.bytes},
                                                                  {"limit_from", limit_.origin}});
}

uint64_t MemoryBudget::room() const {
  if (limit_.bytes == 0) return std::numeric_limits<uint64_t>::max();
  const uint64_t mark = Mark(MemoryLevel::kNoScrapes);
  return mark - std::min(mark, used_bytes_);
}

bool MemoryBudget::TakeForget(uint64_t bytes) {
  if (level_ != MemoryLevel::kNoScrapes || clock_.Now() - level_since_ < kForgetAfter) return false;
  if (forget_bytes_ == 0 || used_bytes_ < Mark(level_, kLeavePoints)) return false;
  forget_bytes_ -= std::min(forget_bytes_, bytes);
  return true;
}

uint64_t MemoryBudget::BoundOf(uint64_t bytes_max, uint64_t parts) const {
  return limit_.bytes == 0 ? bytes_max : std::min(bytes_max, limit_.bytes / parts);
}

MemoryStatus MemoryBudget::status() const {
  return {limit_, limit_.bytes == 0 ? used_now_() : used_bytes_, level_, trims_total_};
}

}  // namespace limpet
