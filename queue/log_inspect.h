// What is in a log and whether it is sound: the answer of `limpet log verify`.
//
// Who calls it: the command, and tests; any thread. Reads block. Nothing is changed and no lock is
// taken, so the log may belong to a limpet that is running; cursors are read before segments, so
// that those of a running one never seem to be ahead of it.
// Limits: one segment is read at a time, and every record in it is decoded. The report has an
// element a segment, a cursor and a file moved aside; damage is counted to the end and listed up to
// kDamageListedMax.
#ifndef LIMPET_QUEUE_LOG_INSPECT_H_
#define LIMPET_QUEUE_LOG_INSPECT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/platform/file_system.h"
#include "agent/platform/result.h"
#include "queue/log.h"
#include "queue/log_inspect_segment.h"

namespace limpet {

inline constexpr size_t kDamageListedMax = 1000;

// Of a segment, or of all.
struct LogContents {
  uint64_t bytes = 0;
  uint64_t records = 0;  // that check out
  uint64_t scrapes = 0;  // that can be delivered
  uint64_t samples = 0;
  uint64_t lost_samples = 0;  // that were in damaged scrapes, as far as can be told
  // Told apart by content. A series is a target and a line of a layout.
  uint64_t series = 0;
  uint64_t targets = 0;
  uint64_t layouts = 0;
  bool estimated = false;  // so many series that they were counted within 2 %
  int64_t oldest_ms = 0;   // of the scrapes; 0 where there are none
  int64_t newest_ms = 0;
  uint64_t damaged_bytes = 0;
  double BytesPerSample() const {
    return samples == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(samples);
  }
};

struct InspectedSegment {
  uint64_t number = 0;
  std::string path;
  int64_t created_ms = 0;
  LogContents contents;
};

struct InspectedCursor {
  std::string path;
  std::string receiver;                 // as far as the file's name tells
  std::optional<LogPosition> position;  // none: it cannot be read, all is before it
  int64_t removed_ms = 0;               // since when its receiver has been gone; 0: it is there
  uint64_t bytes_before = 0;            // of what is on disk
  uint64_t bytes_behind = 0;            // not delivered yet
  uint64_t samples_before = 0;
  uint64_t samples_behind = 0;
  int64_t oldest_unsent_ms = 0;  // 0: nothing waits
  // It stands so far behind the end of its segment: a power cut took what had been delivered.
  uint64_t bytes_beyond_end = 0;
};

struct LogReport {
  std::vector<InspectedSegment> segments;
  LogContents total;
  std::vector<InspectedCursor> cursors;
  std::vector<LogDamage> damage;  // the first ones
  uint64_t damage_total = 0;
  std::vector<std::string> moved_aside;  // paths

  bool sound() const { return damage_total == 0; }
};

// Fails only where the directory holds no log that can be listed. See SegmentInspectOptions for
// `wait`.
Result<LogReport> InspectLog(FileSystem& files, const std::string& directory,
                             const std::function<void()>& wait = {});

// Shows a visitor all segments that DIRECTORY/log has, ascending, or one of them. `begin` is called
// before each; false: no more of them. Fails where the directory cannot be listed or has not that
// one.
Result<void> VisitSegments(FileSystem& files, const std::string& directory,
                           std::optional<uint64_t> only, const std::function<void()>& wait,
                           SegmentVisitor& visitor,
                           const std::function<bool(uint64_t number)>& begin,
                           const std::function<void(uint64_t bytes)>& end = {});

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_INSPECT_H_
