#include "queue/log_disk_worker.h"

#include <utility>

#include "queue/record.h"
#include "queue/segment_scan.h"

namespace limpet {
namespace {

constexpr Millis kCursorRetry{1000};
// Of one write(2); what fails is tried again as a whole.
constexpr size_t kWriteBytesMax = 1u << 20;

}  // namespace

void LoopPort::Post(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  if (loop_ == nullptr) return;
  loop_->Post([self = shared_from_this(), f = std::move(function)] {
    if (self->open_) f();
  });
}

void LoopPort::Close() {
  open_ = false;
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

DiskWorker::DiskWorker(FileSystem& files, const Clock& clock, std::string directory,
                       std::unique_ptr<FileLock> lock, std::shared_ptr<LoopPort> port,
                       Millis sync_interval, LogDisk::Events events)
    : files_(files),
      clock_(clock),
      directory_(std::move(directory)),
      lock_(std::move(lock)),
      port_(std::move(port)),
      events_(std::move(events)),
      sync_interval_ms_(sync_interval.count()) {}

bool WriteGroup::Add(WritePiece& piece) {
  const std::lock_guard lock(mutex_);
  if (!taken_) pieces_.push_back(std::move(piece));
  return !taken_;
}

std::vector<WritePiece> WriteGroup::Take() {
  const std::lock_guard lock(mutex_);
  taken_ = true;
  return std::move(pieces_);
}

void DiskWorker::Write(const std::vector<WritePiece>& pieces) {
  std::string joined;
  for (auto piece = pieces.begin(); piece != pieces.end(); ++piece) {
    const auto& segment = piece->segment;
    // Else it is there already, or one before it failed.
    if (segment->written + joined.size() == piece->offset) joined += *piece->bytes;
    const auto next = piece + 1;
    const bool last = next == pieces.end() || next->segment != segment ||
                      joined.size() + next->bytes->size() > kWriteBytesMax;
    if (!last || joined.empty()) continue;
    WriteBytes(segment, joined);
    joined.clear();
  }
}

void DiskWorker::WriteBytes(const std::shared_ptr<SegmentFile>& segment, const std::string& bytes) {
  if (stopped_ || segment->given_up) return;
  const SteadyTime begin = clock_.Now();
  if (auto written = TryWrite(segment, bytes); !written) {
    Stop(written.error(), false);
    return;
  }
  bytes_written_ += bytes.size();
  const SteadyTime::duration took = clock_.Now() - begin;
  last_write_latency_us_ = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  {
    const std::lock_guard lock(write_seconds_mutex_);
    write_seconds_.Observe(std::chrono::duration<double>(took).count());
  }
  ScheduleSync();
}

Histogram DiskWorker::write_seconds() const {
  const std::lock_guard lock(write_seconds_mutex_);
  return write_seconds_;
}

Result<void> DiskWorker::TryWrite(const std::shared_ptr<SegmentFile>& segment,
                                  const std::string& bytes) {
  auto open = OpenForWriting(segment);
  if (!open) return open.error();
  const uint64_t before = segment->written;
  auto written = (*open)->file->Append(bytes);
  if (written) {
    (*open)->dirty = true;
    segment->written = before + bytes.size();
    return written;
  }
  (*open)->torn = !(*open)->file->Truncate(before);
  if (before <= kSegmentHeaderBytes) {
    // A file without a record would only be in the way.
    open_.erase(segment->number);
    segment->written = 0;
    (void)files_.Remove(segment->path);
  }
  return written;
}

Result<DiskWorker::OpenSegment*> DiskWorker::OpenForWriting(
    const std::shared_ptr<SegmentFile>& segment) {
  const auto known = open_.find(segment->number);
  if (known != open_.end()) {
    OpenSegment& open = known->second;
    if (open.torn) {
      if (auto cut = open.file->Truncate(segment->written); !cut) return cut.error();
      open.torn = false;
    }
    return &open;
  }
  const bool fresh = segment->written == 0;
  // What an attempt that failed at once may have left.
  if (fresh) (void)files_.Remove(segment->path);
  auto file = files_.Open(segment->path, fresh ? OpenMode::kCreateNew : OpenMode::kReadWrite);
  if (!file) return file.error();
  if (!fresh) {
    if (auto cut = (*file)->Truncate(segment->written); !cut) return cut.error();
  }
  OpenSegment& open = open_[segment->number];
  open.segment = segment;
  open.file = std::move(*file);
  names_dirty_ = names_dirty_ || fresh;
  return &open;
}

void DiskWorker::Stop(const Error& error, bool sync) {
  stopped_ = true;
  port_->Post(
      [this, self = shared_from_this(), stop = WriteStop{error, sync}] { events_.stopped(stop); });
}

void DiskWorker::Adopt(const std::shared_ptr<SegmentFile>& segment) {
  auto file = files_.Open(segment->path, OpenMode::kReadWrite);
  if (!file) return;
  OpenSegment& open = open_[segment->number];
  open.segment = segment;
  open.file = std::move(*file);
  open.dirty = true;
  open.finished = true;
  names_dirty_ = true;
  ScheduleSync();
}

void DiskWorker::Finish(const SegmentFile& segment) {
  const auto open = open_.find(segment.number);
  if (open == open_.end()) return;
  open->second.finished = true;
  if (!open->second.dirty) open_.erase(open);
}

Result<std::string> DiskWorker::Read(const SegmentFile& segment, uint64_t offset, size_t bytes) {
  auto file = files_.Open(segment.path, OpenMode::kRead);
  if (!file) return file.error();
  std::string read(bytes, '\0');
  auto got = (*file)->ReadAt(offset, read);
  if (!got) return got.error();
  read.resize(*got);
  return read;
}

Result<uint64_t> DiskWorker::FindRecord(const SegmentFile& segment, uint64_t from, uint64_t end) {
  auto file = files_.Open(segment.path, OpenMode::kRead);
  if (!file) return file.error();
  SegmentWalker walker(**file, from, end);
  if (auto moved = walker.Resync(); !moved) return moved.error();
  return walker.offset();
}

std::vector<uint64_t> DiskWorker::CountAndRemove(const SegmentFile& segment, WrittenPart part,
                                                 const std::vector<uint64_t>& offsets) {
  auto file = files_.Open(segment.path, OpenMode::kRead);
  std::map<uint64_t, uint64_t> samples;
  for (const uint64_t offset : offsets) {
    if (samples.contains(offset) || offset >= part.end) continue;
    if (offset <= kSegmentHeaderBytes && part.samples > 0) {
      samples[offset] = part.samples;
      continue;
    }
    Result<SegmentSummary> summary =
        file ? SummarizeSegment(**file, {}, offset, part.end) : file.error();
    // Where it cannot be read, its size tells about how many there were.
    const double share = static_cast<double>(part.end - offset) /
                         static_cast<double>(part.end - kSegmentHeaderBytes);
    samples[offset] = summary ? summary->samples
                              : static_cast<uint64_t>(share * static_cast<double>(part.samples));
  }
  Remove(segment);
  std::vector<uint64_t> counts;
  counts.reserve(offsets.size());
  for (const uint64_t offset : offsets) counts.push_back(samples[offset]);
  return counts;
}

void DiskWorker::Remove(const SegmentFile& segment) {
  open_.erase(segment.number);
  // A name that stays, or comes back after a power cut, is read again and is then a duplicate at
  // worst.
  (void)files_.Remove(segment.path);
}

bool DiskWorker::NoteCursor(const std::string& file_name, const SavedCursor& cursor) {
  const std::lock_guard lock(noted_mutex_);
  noted_[file_name] = cursor;
  return !std::exchange(save_scheduled_, true);
}

void DiskWorker::ForgetCursor(const std::string& file_name) {
  const std::lock_guard lock(noted_mutex_);
  noted_.erase(file_name);
}

void DiskWorker::RemoveCursor(const std::string& file_name) {
  cursors_.erase(file_name);
  (void)files_.Remove(CursorDirectory() + "/" + file_name);
}

void DiskWorker::SaveCursors() {
  std::map<std::string, SavedCursor> noted;
  {
    const std::lock_guard lock(noted_mutex_);
    noted.swap(noted_);
    save_scheduled_ = false;
  }
  for (const auto& [name, saved_as] : noted) {
    const auto [cursor, made] =
        cursors_.try_emplace(name, CursorFile(files_, CursorDirectory(), name));
    if (auto saved = cursor->second.file.Save(saved_as, saved_as.removed_ms); !saved) {
      CursorFailed(name, saved_as, saved.error());
      continue;
    }
    cursor->second.saved = saved_as;
    ScheduleSync();
  }
}

void DiskWorker::CursorFailed(const std::string& file_name, const SavedCursor& cursor,
                              const Error& error) {
  bool schedule;
  {
    const std::lock_guard lock(noted_mutex_);
    noted_.try_emplace(file_name, cursor);
    schedule = !std::exchange(save_scheduled_, true);
  }
  if (schedule) ScheduleCursorSave(kCursorRetry);
  port_->Post([this, self = shared_from_this(), error] { events_.cursor_failed(error); });
}

void DiskWorker::Sync() {
  sync_scheduled_ = false;
  SyncSegments();
  SyncCursors();
}

void DiskWorker::SyncSegments() {
  for (auto at = open_.begin(); at != open_.end();) {
    OpenSegment& open = at->second;
    if (open.dirty) {
      open.dirty = false;
      const SteadyTime begin = clock_.Now();
      auto synced = open.file->Sync();
      if (!synced) {
        open.segment->given_up = true;
        at = open_.erase(at);
        Stop(synced.error(), true);
        continue;
      }
      const double seconds = std::chrono::duration<double>(clock_.Now() - begin).count();
      port_->Post([this, self = shared_from_this(), seconds] { events_.synced(seconds); });
    }
    at = open.finished ? open_.erase(at) : std::next(at);
  }
  if (!names_dirty_) return;
  names_dirty_ = false;
  if (auto synced = files_.SyncDirectory(directory_ + "/log"); !synced) {
    for (auto& [number, open] : open_) open.segment->given_up = true;
    open_.clear();
    Stop(synced.error(), true);
  }
}

void DiskWorker::SyncCursors() {
  for (auto& [name, cursor] : cursors_) {
    if (auto synced = cursor.file.Sync(); !synced) {
      CursorFailed(name, cursor.saved, synced.error());
    }
  }
}

void DiskWorker::ScheduleSync() {
  if (std::exchange(sync_scheduled_, true)) return;
  const std::lock_guard lock(queue_mutex_);
  if (queue_ == nullptr) return;
  queue_->PostAfter(Millis(sync_interval_ms_), [self = shared_from_this()] { self->Sync(); });
}

void DiskWorker::ScheduleCursorSave(Millis delay) {
  const std::lock_guard lock(queue_mutex_);
  if (queue_ == nullptr) return;
  queue_->PostAfter(delay, [self = shared_from_this()] { self->SaveCursors(); });
}

void DiskWorker::SetQueue(DiskQueue* queue) {
  const std::lock_guard lock(queue_mutex_);
  queue_ = queue;
}

}  // namespace limpet
