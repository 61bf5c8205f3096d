// What an earlier process left in the log's directory, put in order.
//
// Who calls it: OpenLog, on the loop's thread, before there is a disk thread. It blocks.
// Operation: nothing found is an error. A segment whose header does not check out is renamed to
// *.seg.bad; what follows the last good record of the newest segment is cut off; a file without
// anything in it is removed; files with other names are left alone. Damage inside older segments is
// found when they are read. Numbers are given once: the next is above every segment's and cursor's.
#ifndef LIMPET_QUEUE_LOG_RECOVERY_H_
#define LIMPET_QUEUE_LOG_RECOVERY_H_

#include <cstdint>
#include <map>
#include <string>

#include "agent/platform/file_system.h"
#include "queue/cursor_file.h"
#include "queue/log.h"
#include "queue/log_segment.h"

namespace limpet {

struct RecoveredLog {
  std::map<uint64_t, LogSegment> segments;
  std::map<std::string, SavedCursor> cursors;  // by file name
  uint64_t next_number = 1;
  uint64_t damaged_bytes = 0;
  uint64_t damaged_records = 0;
  uint64_t moved_aside_files = 0;  // now or earlier
};

std::string SegmentPath(const std::string& directory, uint64_t number);

RecoveredLog RecoverLog(FileSystem& files, const std::string& directory, int64_t now_ms);

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_RECOVERY_H_
