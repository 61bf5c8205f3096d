#include "queue/log_recovery.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>

#include "agent/platform/logging.h"
#include "queue/cursor_file.h"
#include "queue/record.h"
#include "queue/segment_scan.h"

namespace limpet {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kBadSuffix = ".bad";
constexpr size_t kNumberDigits = 16;

// "00000000000000a1.seg" and, moved aside, "00000000000000a1.seg.bad".
std::optional<uint64_t> SegmentNumber(std::string_view name, std::string_view suffix) {
  uint64_t number = 0;
  if (name.size() != kNumberDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  const char* end = name.data() + kNumberDigits;
  const auto [stop, error] = std::from_chars(name.data(), end, number, 16);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

class Recovery {
 public:
  Recovery(FileSystem& files, const std::string& directory, int64_t now_ms)
      : files_(files),
        now_ms_(now_ms),
        log_directory_(directory + "/log"),
        cursor_directory_(directory + "/cursors") {}

  RecoveredLog Run() {
    TakeSegments();
    // One that was only begun says nothing of the one before it, which then was the last written.
    while (!log_.segments.empty() && !CutTornTail(log_.segments.rbegin()->second)) {
    }
    NoteNewestTimes();
    TakeCursors();
    return std::move(log_);
  }

 private:
  void TakeSegments() {
    auto names = files_.List(log_directory_);
    if (!names) {
      LogWarn("cannot list the log",
              {{"directory", log_directory_}, {"error", names.error().message}});
      return;
    }
    for (const std::string& name : *names) {
      if (const auto aside =
              SegmentNumber(name, std::string(kSegmentSuffix) + std::string(kBadSuffix))) {
        NoteNumber(*aside);
        ++log_.moved_aside_files;
      } else if (const auto number = SegmentNumber(name, kSegmentSuffix)) {
        NoteNumber(*number);
        TakeSegment(log_directory_ + "/" + name, *number);
      }
    }
  }

  void TakeSegment(const std::string& path, uint64_t number) {
    auto file = files_.Open(path, OpenMode::kRead);
    if (!file) return MoveAside(path, file.error().message);
    auto size = (*file)->Size();
    if (!size) return MoveAside(path, size.error().message);
    if (*size == 0) {
      (void)files_.Remove(path);
      return;
    }
    std::string bytes(kSegmentHeaderBytes, '\0');
    auto got = (*file)->ReadAt(0, bytes);
    if (!got) return MoveAside(path, got.error().message);
    const auto header = ParseSegmentHeader(std::string_view(bytes).substr(0, *got));
    if (!header || header->number != number) {
      log_.damaged_bytes += *size;
      ++log_.damaged_records;
      return MoveAside(path, "its header does not check out");
    }
    LogSegment segment;
    segment.file = std::make_shared<SegmentFile>(number, path);
    segment.file->written = *size;
    segment.state = LogSegment::State::kClosed;
    segment.created_ms = header->created_ms;
    segment.oldest_ms = header->created_ms;
    segment.newest_ms = header->created_ms;
    segment.end = *size;
    log_.segments.emplace(number, std::move(segment));
  }

  // False where nothing was in it: it is gone then.
  bool CutTornTail(LogSegment& segment) {
    // Of what cannot be read now the age is not known; taken for old it would be deleted.
    segment.newest_ms = now_ms_;
    auto file = files_.Open(segment.file->path, OpenMode::kReadWrite);
    if (!file) {
      LogWarn("cannot open a log segment",
              {{"file", segment.file->path}, {"error", file.error().message}});
      return true;
    }
    auto summary = SummarizeSegment(**file, {segment.number(), segment.created_ms},
                                    kSegmentHeaderBytes, segment.end);
    if (!summary) {
      LogWarn("cannot read a log segment",
              {{"file", segment.file->path}, {"error", summary.error().message}});
      return true;
    }
    const uint64_t torn = segment.end - summary->good_end;
    if (torn > 0) {
      log_.damaged_bytes += torn;
      ++log_.damaged_records;
      LogWarn("cut a torn tail off the log", {{"file", segment.file->path}, {"bytes", torn}});
      (void)(*file)->Truncate(summary->good_end);
    }
    // Where the file could not be cut, nobody looks behind this all the same.
    segment.end = summary->good_end;
    segment.file->written = summary->good_end;
    if (summary->scrapes > 0) {
      segment.oldest_ms = summary->oldest_ms;
      segment.newest_ms = summary->newest_ms;
      segment.samples = summary->samples;
      return true;
    }
    file->reset();
    (void)files_.Remove(segment.file->path);
    log_.segments.erase(segment.number());
    return false;
  }

  // A segment was written until the next one was begun.
  void NoteNewestTimes() {
    LogSegment* before = nullptr;
    for (auto& [number, segment] : log_.segments) {
      if (before != nullptr) before->newest_ms = segment.created_ms;
      before = &segment;
    }
  }

  void TakeCursors() {
    auto names = files_.List(cursor_directory_);
    if (!names) {
      LogWarn("cannot list the cursors",
              {{"directory", cursor_directory_}, {"error", names.error().message}});
      return;
    }
    for (const std::string& name : *names) {
      const std::string path = cursor_directory_ + "/" + name;
      if (name.ends_with(std::string(kCursorSuffix) + std::string(kBadSuffix))) {
        ++log_.moved_aside_files;
      } else if (name.ends_with(kCursorDraftSuffix)) {
        (void)files_.Remove(path);  // never finished; the one it was to replace is still there
      } else if (name.ends_with(kCursorSuffix)) {
        TakeCursor(path, name);
      }
    }
  }

  void TakeCursor(const std::string& path, const std::string& name) {
    auto cursor = ReadCursor(files_, path);
    if (cursor && cursor->has_value()) {
      NoteNumber((*cursor)->segment);
      log_.cursors[name] = **cursor;
      return;
    }
    ++log_.damaged_records;
    LogWarn("a cursor cannot be read; its receiver gets the log from its oldest record",
            {{"file", path}});
    MoveAside(path, cursor ? "no entry checks out" : cursor.error().message);
    log_.cursors[name] = {};
    // Should this process end before anything is acknowledged, the next one must know, too, that
    // the log is kept for it.
    auto saved = CursorFile(files_, cursor_directory_, name).Save({});
    if (!saved) LogWarn("cannot save a cursor", {{"error", saved.error().message}});
  }

  void NoteNumber(uint64_t number) {
    if (number >= log_.next_number && number < UINT64_MAX) log_.next_number = number + 1;
  }

  void MoveAside(const std::string& path, const std::string& why) {
    LogWarn("moving a file of the log aside", {{"file", path}, {"error", why}});
    auto moved = files_.Rename(path, path + std::string(kBadSuffix));
    if (moved) ++log_.moved_aside_files;
    if (!moved) LogWarn("cannot move it", {{"file", path}, {"error", moved.error().message}});
  }

  FileSystem& files_;
  const int64_t now_ms_;
  const std::string log_directory_;
  const std::string cursor_directory_;
  RecoveredLog log_;
};

}  // namespace

std::string SegmentPath(const std::string& directory, uint64_t number) {
  char name[kNumberDigits + 1];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(number));
  return directory + "/log/" + name + std::string(kSegmentSuffix);
}

RecoveredLog RecoverLog(FileSystem& files, const std::string& directory, int64_t now_ms) {
  return Recovery(files, directory, now_ms).Run();
}

}  // namespace limpet
