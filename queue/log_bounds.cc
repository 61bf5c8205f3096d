// What the log keeps: on disk until every receiver has it or the bounds demand it, in memory within
// tail_bytes.
#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "queue/log_impl.h"
#include "queue/log_reader_impl.h"
#include "queue/record.h"

namespace limpet {
namespace {

constexpr Millis kAgeWatch{10'000};
constexpr Millis kRemovedWatch{10'000};
constexpr size_t kGoneMax = 64;
// What is on disk is in the kernel's memory as well: here is just what a reader wants that comes
// right behind the live ones.
constexpr uint64_t kWrittenBytesMax = 256 * 1024;

}  // namespace

bool LogImpl::Passed(const LogReceiver& receiver, const LogSegment& segment) const {
  const LogPosition& at = receiver.acknowledged;
  return at.segment > segment.number() ||
         (at.segment == segment.number() && at.offset >= segment.ReadableEnd());
}

LogPosition LogImpl::TakenBy(const std::shared_ptr<LogReceiver>& receiver) const {
  LogPosition furthest = receiver->acknowledged;
  for (const LogReaderImpl* reader : readers_) {
    if (reader->receiver() == receiver) furthest = std::max(furthest, reader->taken());
  }
  return furthest;
}

void LogImpl::DeleteAcknowledged() {
  // Without a receiver there is nobody to have passed anything; the bounds keep the log small then.
  if (closed_ || receivers_.empty()) return;
  while (segments_.size() > 1) {
    LogSegment& oldest = segments_.begin()->second;
    const bool passed = std::all_of(receivers_.begin(), receivers_.end(), [&](const auto& entry) {
      return Passed(*entry.second, oldest);
    });
    if (IsActive(oldest) || !passed) return;
    for (const LogChunk& chunk : oldest.chunks) memory_bytes_ -= chunk.bytes->size();
    oldest.file->given_up = true;
    disk_->Remove(oldest.file);
    segments_.erase(segments_.begin());
  }
}

void LogImpl::KeepBounds(uint64_t bytes_to_come) {
  uint64_t bytes = bytes_to_come;
  for (const auto& [number, segment] : segments_) bytes += segment.BytesOnDisk();
  while (bytes > options_.max_bytes && !IsActive(segments_.begin()->second)) {
    bytes -= segments_.begin()->second.BytesOnDisk();
    DropOldest("max_bytes", &LostSamples::max_bytes);
  }
  if (options_.max_age.count() <= 0) return;
  const int64_t oldest_allowed_ms = clock_.WallMs() - options_.max_age.count();
  while (!IsActive(segments_.begin()->second) &&
         segments_.begin()->second.newest_ms < oldest_allowed_ms) {
    DropOldest("max_age", &LostSamples::max_age);
  }
}

void LogImpl::WatchAge() {
  if (options_.max_age.count() <= 0 || closed_) return;
  disk_->After(kAgeWatch, [this] {
    KeepBounds(0);
    WatchAge();
  });
}

// The receivers that have been missing for long hold nothing any more.
void LogImpl::ForgetRemoved() {
  const int64_t now_ms = clock_.WallMs();
  bool waiting = false;
  std::erase_if(receivers_, [&](const auto& entry) {
    LogReceiver& receiver = *entry.second;
    if (receiver.removed_ms == 0) return false;
    receiver.removed_ms = std::min(receiver.removed_ms, now_ms);  // the clock may have been set
    if (now_ms - receiver.removed_ms < options_.cursor_grace.count()) {
      waiting = true;
      return false;
    }
    receiver.counts = false;
    if (!closed_) disk_->RemoveCursor(entry.first);
    return true;
  });
  DeleteAcknowledged();
  if (waiting) WatchRemoved();
}

void LogImpl::WatchRemoved() {
  if (closed_ || std::exchange(removed_watched_, true)) return;
  disk_->After(kRemovedWatch, [this] {
    removed_watched_ = false;
    ForgetRemoved();
  });
}

// Of a segment whose samples nobody has counted, its size tells.
uint64_t LogImpl::SamplesOnDisk() const {
  uint64_t samples = 0;
  uint64_t bytes = 0;
  uint64_t other_bytes = 0;
  for (const auto& [number, segment] : segments_) {
    const uint64_t written = segment.written();
    if (written <= kSegmentHeaderBytes) continue;
    (segment.samples == 0 ? other_bytes : bytes) += written;
    samples += segment.samples - std::min(segment.samples, CountInMemory(segment, {}));
  }
  if (bytes == 0) return 0;
  const double others = static_cast<double>(other_bytes) / static_cast<double>(bytes);
  return samples + static_cast<uint64_t>(others * static_cast<double>(samples));
}

uint64_t LogImpl::CountInMemory(const LogSegment& segment, LogPosition behind) const {
  uint64_t samples = 0;
  for (const LogChunk& chunk : segment.chunks) {
    const bool had = LogPosition{segment.number(), chunk.offset} < behind;
    if (chunk.offset >= segment.written() && !had) samples += chunk.samples;
  }
  return samples;
}

void LogImpl::DropOldest(std::string_view reason, LossReason counter) {
  LogSegment& segment = segments_.begin()->second;
  std::vector<std::shared_ptr<LogReceiver>> missing;
  std::vector<uint64_t> offsets;
  for (const auto& [name, receiver] : receivers_) {
    if (Passed(*receiver, segment)) continue;
    const LogPosition had = TakenBy(receiver);
    if (had.segment > segment.number()) continue;
    const bool inside = had.segment == segment.number();
    missing.push_back(receiver);
    offsets.push_back(inside ? std::max<uint64_t>(had.offset, kSegmentHeaderBytes)
                             : kSegmentHeaderBytes);
    (*receiver).lost.*counter += CountInMemory(segment, had);
  }
  if (!missing.empty() || receivers_.empty()) {
    ++stats_.segments_dropped_total;
    LogWarn("dropping the oldest segment of the log",
            {{"file", segment.file->path}, {"reason", reason}, {"receivers", missing.size()}});
  }
  for (const LogChunk& chunk : segment.chunks) memory_bytes_ -= chunk.bytes->size();
  const uint64_t written = segment.written();
  const uint64_t samples = segment.samples - std::min(segment.samples, CountInMemory(segment, {}));
  segment.file->given_up = true;
  disk_->CountAndRemove(
      segment.file, {.end = written, .samples = samples}, std::move(offsets),
      [missing = std::move(missing), counter](const std::vector<uint64_t>& counts) {
        for (size_t i = 0; i < counts.size(); ++i) {
          (*missing[i]).lost.*counter += counts[i];
        }
      });
  NoteGone(segment.number(), counter);
  segments_.erase(segments_.begin());
}

void LogImpl::NoteGone(uint64_t segment, LossReason reason) {
  gone_.emplace_back(segment, reason);
  if (gone_.size() > kGoneMax) gone_.pop_front();
}

LossReason LogImpl::WhyGone(uint64_t segment) const {
  const auto found =
      std::find_if(gone_.rbegin(), gone_.rend(), [&](const auto& g) { return g.first == segment; });
  return found == gone_.rend() ? &LostSamples::max_bytes : found->second;
}

void LogImpl::Trim() {
  uint64_t pending = 0;
  for (const auto& [number, segment] : segments_) {
    if (segment.Pending()) pending += segment.end - segment.written();
  }
  if (Stalled(pending)) OnStalled();
  // What a disk that gets on has yet to take is on its way out, however large a record is.
  const uint64_t budget = options_.tail_bytes + (stats_.degraded ? 0 : pending);
  TrimWritten(std::min(budget, kWrittenBytesMax + pending));
  while (memory_bytes_ > budget && LoseOldest()) {
  }
  if (memory_bytes_ <= budget || !stats_.degraded) return;
  // A retry has handed it to a disk that still does not get on.
  HoldInMemory();
  while (memory_bytes_ > budget && LoseOldest()) {
  }
}

void LogImpl::TrimWritten(uint64_t budget) {
  for (auto& [number, segment] : segments_) {
    std::deque<LogChunk>& chunks = segment.chunks;
    const uint64_t written = segment.written();
    while (memory_bytes_ > budget && !chunks.empty() &&
           chunks.front().offset + chunks.front().bytes->size() <= written) {
      memory_bytes_ -= chunks.front().bytes->size();
      chunks.pop_front();
    }
    if (memory_bytes_ <= budget) return;
  }
}

bool LogImpl::LoseOldest() {
  const auto lost = std::find_if(segments_.begin(), segments_.end(), [&](const auto& entry) {
    const LogSegment::State state = entry.second.state;
    return !entry.second.chunks.empty() && !IsActive(entry.second) && entry.first != appended_ &&
           (state == LogSegment::State::kMemory || state == LogSegment::State::kGivenUp);
  });
  if (lost == segments_.end()) return false;
  LogSegment& segment = lost->second;
  uint64_t samples = receivers_.empty() ? CountInMemory(segment, {}) : 0;
  for (const auto& [name, receiver] : receivers_) {
    const uint64_t missed = CountInMemory(segment, TakenBy(receiver));
    receiver->lost.memory += missed;
    samples = std::max(samples, missed);
  }
  stats_.samples_lost_total += samples;
  segment.samples -= std::min(segment.samples, CountInMemory(segment, {}));
  for (const LogChunk& chunk : segment.chunks) memory_bytes_ -= chunk.bytes->size();
  segment.chunks.clear();
  segment.file->given_up = true;
  segment.state = LogSegment::State::kGivenUp;
  segment.end = segment.written();
  if (segment.end <= kSegmentHeaderBytes) {
    disk_->Remove(segment.file);
    NoteGone(segment.number(), &LostSamples::memory);
    segments_.erase(lost);
  }
  return true;
}

}  // namespace limpet
