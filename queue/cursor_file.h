// Where a receiver's cursor is kept: <storage>/cursors/<receiver>.cursor.
//
// Who calls it: the log's disk thread, and Log::Open before that starts.
// Operation: a save appends a small checksummed entry; the last good one counts. A file that has
// grown beyond kCompactBytes, was taken over from an earlier process or failed to take a write is
// written anew beside the old one and renamed over it. The file's magic is the version. Limits: a
// receiver's name that is long, or has other characters than letters, digits, '-' and '_', is
// changed to a file name that no other receiver has (percent-encoding, then a hash).
#ifndef LIMPET_QUEUE_CURSOR_FILE_H_
#define LIMPET_QUEUE_CURSOR_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/platform/file_system.h"
#include "agent/platform/result.h"
#include "queue/log.h"

namespace limpet {

inline constexpr std::string_view kCursorSuffix = ".cursor";
inline constexpr std::string_view kCursorDraftSuffix = ".cursor.new";

struct SavedCursor : LogPosition {
  int64_t removed_ms = 0;  // since when the receiver has been missing; 0: it is there
};

// Without a directory and with kCursorSuffix.
std::string CursorFileName(std::string_view receiver);

// The last good entry; nothing where the file is empty or has none.
std::optional<SavedCursor> ParseCursor(std::string_view bytes);
Result<std::optional<SavedCursor>> ReadCursor(FileSystem& files, const std::string& path);

class CursorFile {
 public:
  static constexpr size_t kCompactBytes = 16 * 1024;

  CursorFile(FileSystem& files, std::string directory, std::string name);

  Result<void> Save(LogPosition position, int64_t removed_ms = 0);
  // What was saved, made durable.
  Result<void> Sync();

 private:
  Result<void> WriteAnew(const std::string& entry);

  FileSystem& files_;
  std::string directory_;
  std::string path_;
  std::string draft_path_;
  std::unique_ptr<File> file_;  // null: to be written anew
  size_t bytes_ = 0;
  bool dirty_ = false;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_CURSOR_FILE_H_
