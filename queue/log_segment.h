// A segment as the loop's thread knows it: how far it goes, what of it is in memory, what on disk.
//
// Who calls it: the log and its readers; the loop's thread.
// A byte of a segment is on disk (before file->written), in memory (in a chunk), or both; one that
// is in neither is lost, and the segment then ends before it.
#ifndef LIMPET_QUEUE_LOG_SEGMENT_H_
#define LIMPET_QUEUE_LOG_SEGMENT_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "queue/log_disk.h"

namespace limpet {

// What one append made: whole records, or a segment's header.
struct LogChunk {
  uint64_t offset = 0;
  std::shared_ptr<const std::string> bytes;
  uint64_t samples = 0;
  int64_t timestamp_ms = 0;  // 0: a header
};

struct LogSegment {
  enum class State {
    kMemory,   // nothing of it is with the disk thread; what is not on disk is in memory
    kWriting,  // what is appended goes to the disk thread at once
    kClosed,   // complete; the disk thread may still be writing it
    kGivenUp,  // a sync failed: what was written stays, the rest is in memory at best
  };

  std::shared_ptr<SegmentFile> file;
  State state = State::kMemory;
  int64_t created_ms = 0;
  int64_t oldest_ms = 0;  // of its scrapes; 0: none known
  int64_t newest_ms = 0;
  uint64_t end = 0;
  // In all of it; 0: not known, as of the older ones of an earlier process.
  uint64_t samples = 0;
  std::deque<LogChunk> chunks;  // without a gap, up to `end`
  uint64_t damage_counted_to = 0;

  uint64_t number() const { return file->number; }
  uint64_t written() const { return file->written; }
  uint64_t MemoryBegin() const { return chunks.empty() ? UINT64_MAX : chunks.front().offset; }
  uint64_t ReadableEnd() const { return chunks.empty() ? written() : end; }
  // Where the part that has to come from the disk ends.
  uint64_t DiskEnd() const { return std::min(written(), MemoryBegin()); }
  // What it will take there once everything posted is written.
  uint64_t BytesOnDisk() const {
    return state == State::kWriting || state == State::kClosed ? end : written();
  }
  bool Pending() const {
    return (state == State::kWriting || state == State::kClosed) && written() < end;
  }
  // The chunk that holds the byte; it is in memory.
  const LogChunk& ChunkAt(uint64_t offset) const {
    const auto behind =
        std::upper_bound(chunks.begin(), chunks.end(), offset,
                         [](uint64_t o, const LogChunk& chunk) { return o < chunk.offset; });
    return *std::prev(behind);
  }
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_SEGMENT_H_
