// Walks the records of a segment's file without decoding them: to find a torn tail, the next good
// record behind damage, and how many samples are in a part of it.
//
// Who calls it: the log's disk thread, and Log::Open before that starts; tests.
// Limits: memory is a window of 256 KiB, or one record where that is larger. Reads block.
#ifndef LIMPET_QUEUE_SEGMENT_SCAN_H_
#define LIMPET_QUEUE_SEGMENT_SCAN_H_

#include <cstdint>
#include <string>

#include "agent/platform/file_system.h"
#include "agent/platform/result.h"
#include "queue/record.h"

namespace limpet {

class SegmentWalker {
 public:
  enum class Step { kRecord, kDamage, kEnd };

  // From a record's begin (or kSegmentHeaderBytes) up to `end`.
  SegmentWalker(File& file, uint64_t from, uint64_t end) : file_(file), offset_(from), end_(end) {}

  // The record at offset(), good until the next call. After kRecord the walker stands behind it,
  // after kDamage where it was.
  Result<Step> Next(Record& record);
  // Moves to the next place, behind the present one, where a record checks out; to the end where
  // there is none.
  Result<void> Resync();
  uint64_t offset() const { return offset_; }

 private:
  // The bytes from offset_ on, at least `bytes` of them where the segment has so many.
  Result<std::string_view> Window(size_t bytes);

  File& file_;
  uint64_t offset_;
  uint64_t end_;
  uint64_t window_offset_ = 0;
  std::string window_;
};

struct SegmentSummary {
  uint64_t good_end = 0;       // behind the last record that checks out
  uint64_t damaged_bytes = 0;  // before good_end
  uint64_t damaged_places = 0;
  uint64_t samples = 0;
  uint64_t scrapes = 0;
  int64_t oldest_ms = 0;  // of the scrapes; 0 where there are none
  int64_t newest_ms = 0;
};
// Reads all of it; the header has been checked.
Result<SegmentSummary> SummarizeSegment(File& file, const SegmentHeader& header, uint64_t from,
                                        uint64_t end);

}  // namespace limpet

#endif  // LIMPET_QUEUE_SEGMENT_SCAN_H_
