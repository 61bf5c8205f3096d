// What the log does while the disk does not take writes.
#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "queue/log_impl.h"
#include "queue/record.h"

namespace limpet {
namespace {

constexpr Millis kBackoffMin{1000};
constexpr Millis kBackoffMax{30'000};
constexpr Millis kCursorFailureLog{60'000};
// A disk that takes nothing for so long hangs; a slow one may be behind by so many times the tail.
constexpr Millis kStallTime{5000};
constexpr uint64_t kUnwrittenTailsMax = 16;

}  // namespace

void LogImpl::OnStopped(const WriteStop& stop) {
  ++(stop.sync ? stats_.sync_errors_total : stats_.write_errors_total);
  HoldInMemory();
  Degrade(stop.error.message);
}

void LogImpl::OnCursorFailed(const Error& error) {
  ++stats_.write_errors_total;
  const SteadyTime now = clock_.Now();
  if (cursor_failure_logged_ && now - *cursor_failure_logged_ < kCursorFailureLog) return;
  cursor_failure_logged_ = now;
  LogWarn("cannot save a cursor", {{"error", error.message}});
}

bool LogImpl::Stalled(uint64_t pending_bytes) {
  const uint64_t written = disk_->bytes_written();
  if (pending_seen_ == 0 || written != written_seen_) progress_at_ = clock_.Now();
  pending_seen_ = pending_bytes;
  written_seen_ = written;
  if (stats_.degraded || pending_bytes == 0) return false;
  return clock_.Now() - progress_at_ >= kStallTime ||
         pending_bytes > kUnwrittenTailsMax * options_.tail_bytes;
}

void LogImpl::OnStalled() {
  ++stats_.write_errors_total;
  HoldInMemory();
  Degrade("the disk does not take writes in time");
}

void LogImpl::HoldInMemory() {
  for (auto& [number, segment] : segments_) {
    const bool writing = IsActive(segment) && segment.state == LogSegment::State::kWriting;
    if (!segment.Pending() && !writing) continue;
    segment.state =
        segment.file->given_up ? LogSegment::State::kGivenUp : LogSegment::State::kMemory;
  }
  // What comes now goes to segments of its own, which can be let go one by one.
  LogSegment& active = Active();
  if (active.written() == 0 && !active.file->given_up) return;
  disk_->Finish(active.file);
  StartSegment();
}

void LogImpl::Degrade(const std::string& error) {
  if (!stats_.degraded) {
    LogError("the log's disk does not take writes; going on in memory",
             {{"error", error}, {"bytes_max", options_.tail_bytes}});
  }
  stats_.degraded = true;
  stats_.last_error = error;
  ScheduleRetry();
}

void LogImpl::ScheduleRetry() {
  if (closed_ || std::exchange(retry_scheduled_, true)) return;
  backoff_ = std::clamp(backoff_ * 2, kBackoffMin, kBackoffMax);
  disk_->After(backoff_, [this] { Retry(); });
}

void LogImpl::Retry() {
  retry_scheduled_ = false;
  if (closed_) return;
  disk_->Resume();
  WriteHeld();
  probing_ = true;
  disk_->Probe([this](bool stopped) {
    probing_ = false;
    if (!stopped && !retry_scheduled_) Heal();
  });
}

void LogImpl::WriteHeld() {
  for (auto& [number, segment] : segments_) {
    if (segment.state != LogSegment::State::kMemory) continue;
    StartWriting(segment);
    if (IsActive(segment)) continue;
    segment.state = LogSegment::State::kClosed;
    disk_->Finish(segment.file);
  }
}

void LogImpl::Heal() {
  LogInfo("the log's disk takes writes again", {});
  stats_.degraded = false;
  stats_.last_error.clear();
  backoff_ = Millis(0);
  pending_seen_ = 0;
  WriteHeld();
}

}  // namespace limpet
