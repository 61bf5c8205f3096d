// What the log keeps: on disk until every receiver has it or the bounds demand it, in memory within
// tail_bytes.
#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "queue/log_impl.h"
#include "queue/log_reader_impl.h"

namespace limpet {
namespace {

constexpr Millis kAgeWatch{10'000};

}  // namespace

bool LogImpl::Passed(const LogReceiver& receiver, const LogSegment& segment) const {
  const LogPosition& at = receiver.acknowledged;
  return at.segment > segment.number() ||
         (at.segment == segment.number() && at.offset >= segment.ReadableEnd());
}

LogPosition LogImpl::DeliveredTo(const std::shared_ptr<LogReceiver>& receiver) const {
  LogPosition furthest = receiver->acknowledged;
  for (const LogReaderImpl* reader : readers_) {
    if (reader->receiver() == receiver) furthest = std::max(furthest, reader->position());
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
    DropOldest("max_bytes");
  }
  if (options_.max_age.count() <= 0) return;
  const int64_t oldest_allowed_ms = clock_.WallMs() - options_.max_age.count();
  while (!IsActive(segments_.begin()->second) &&
         segments_.begin()->second.newest_ms < oldest_allowed_ms) {
    DropOldest("max_age");
  }
}

void LogImpl::WatchAge() {
  if (options_.max_age.count() <= 0 || closed_) return;
  disk_->After(kAgeWatch, [this] {
    KeepBounds(0);
    WatchAge();
  });
}

uint64_t LogImpl::CountInMemory(const LogSegment& segment, LogPosition behind) const {
  uint64_t samples = 0;
  for (const LogChunk& chunk : segment.chunks) {
    const bool had = LogPosition{segment.number(), chunk.offset} < behind;
    if (chunk.offset >= segment.written() && !had) samples += chunk.samples;
  }
  return samples;
}

void LogImpl::DropOldest(std::string_view reason) {
  LogSegment& segment = segments_.begin()->second;
  std::vector<std::shared_ptr<LogReceiver>> missing;
  std::vector<uint64_t> offsets;
  for (const auto& [name, receiver] : receivers_) {
    if (Passed(*receiver, segment)) continue;
    const LogPosition had = DeliveredTo(receiver);
    if (had.segment > segment.number()) continue;
    const bool inside = had.segment == segment.number();
    missing.push_back(receiver);
    offsets.push_back(inside ? std::max<uint64_t>(had.offset, kSegmentHeaderBytes)
                             : kSegmentHeaderBytes);
    receiver->samples_dropped += CountInMemory(segment, had);
  }
  if (!missing.empty() || receivers_.empty()) {
    ++stats_.segments_dropped_total;
    LogWarn("dropping the oldest segment of the log",
            {{"file", segment.file->path}, {"reason", reason}, {"receivers", missing.size()}});
  }
  for (const LogChunk& chunk : segment.chunks) memory_bytes_ -= chunk.bytes->size();
  const uint64_t written = segment.written();
  segment.file->given_up = true;
  disk_->CountAndRemove(segment.file, written, std::move(offsets),
                        [missing = std::move(missing)](const std::vector<uint64_t>& samples) {
                          for (size_t i = 0; i < samples.size(); ++i) {
                            missing[i]->samples_dropped += samples[i];
                          }
                        });
  segments_.erase(segments_.begin());
}

void LogImpl::Trim() {
  TrimWritten();
  uint64_t pending = 0;
  for (const auto& [number, segment] : segments_) {
    if (segment.Pending()) pending += segment.end - segment.written();
  }
  // Half of the memory, so that there is some left for what comes while the disk does not get on.
  if (pending > options_.tail_bytes / 2 && !probing_) OnStalled();
  while (memory_bytes_ > options_.tail_bytes && LoseOldest()) {
  }
  if (memory_bytes_ <= options_.tail_bytes) return;
  OnStalled();
  while (memory_bytes_ > options_.tail_bytes && LoseOldest()) {
  }
}

void LogImpl::TrimWritten() {
  for (auto& [number, segment] : segments_) {
    std::deque<LogChunk>& chunks = segment.chunks;
    const uint64_t written = segment.written();
    while (memory_bytes_ > options_.tail_bytes && !chunks.empty() &&
           chunks.front().offset + chunks.front().bytes->size() <= written) {
      memory_bytes_ -= chunks.front().bytes->size();
      chunks.pop_front();
    }
    if (memory_bytes_ <= options_.tail_bytes) return;
  }
}

bool LogImpl::LoseOldest() {
  const auto lost = std::find_if(segments_.begin(), segments_.end(), [&](const auto& entry) {
    const LogSegment::State state = entry.second.state;
    return !entry.second.chunks.empty() && !IsActive(entry.second) &&
           (state == LogSegment::State::kMemory || state == LogSegment::State::kGivenUp);
  });
  if (lost == segments_.end()) return false;
  LogSegment& segment = lost->second;
  uint64_t samples = receivers_.empty() ? CountInMemory(segment, {}) : 0;
  for (const auto& [name, receiver] : receivers_) {
    const uint64_t missed = CountInMemory(segment, DeliveredTo(receiver));
    receiver->samples_dropped += missed;
    samples = std::max(samples, missed);
  }
  stats_.samples_lost_total += samples;
  for (const LogChunk& chunk : segment.chunks) memory_bytes_ -= chunk.bytes->size();
  segment.chunks.clear();
  segment.file->given_up = true;
  segment.state = LogSegment::State::kGivenUp;
  segment.end = segment.written();
  if (segment.end <= kSegmentHeaderBytes) segments_.erase(lost);
  return true;
}

}  // namespace limpet
