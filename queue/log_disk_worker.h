// The half of LogDisk that lives on the disk thread.
//
// Who calls it: LogDisk, which posts calls of these to the queue. Everything runs on the disk
// thread, except what says otherwise.
#ifndef LIMPET_QUEUE_LOG_DISK_WORKER_H_
#define LIMPET_QUEUE_LOG_DISK_WORKER_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "queue/cursor_file.h"
#include "queue/log_disk.h"

namespace limpet {

// The way back to the loop's thread, closed when the LogDisk goes.
class LoopPort : public std::enable_shared_from_this<LoopPort> {
 public:
  explicit LoopPort(EventLoop& loop) : loop_(&loop) {}
  // Any thread.
  void Post(std::function<void()> function);
  // The loop's thread; no function runs afterwards.
  void Close();

 private:
  std::mutex mutex_;
  EventLoop* loop_;
  bool open_ = true;  // the loop's thread alone
};

// Bytes of a segment that are to be written.
struct WritePiece {
  std::shared_ptr<SegmentFile> segment;
  uint64_t offset;
  std::shared_ptr<const std::string> bytes;
};

// What is written in one go: what was asked for until the disk thread came to it.
class WriteGroup {
 public:
  explicit WriteGroup(WritePiece first) { pieces_.push_back(std::move(first)); }
  // The loop's thread. False, and nothing taken, where the disk thread has begun with it.
  bool Add(WritePiece& piece);
  // The disk thread, once.
  std::vector<WritePiece> Take();

 private:
  std::mutex mutex_;
  bool taken_ = false;
  std::vector<WritePiece> pieces_;
};

class DiskWorker : public std::enable_shared_from_this<DiskWorker> {
 public:
  DiskWorker(FileSystem& files, const Clock& clock, std::string directory,
             std::unique_ptr<FileLock> lock, std::shared_ptr<LoopPort> port, Millis sync_interval,
             LogDisk::Events events);

  void Write(const std::vector<WritePiece>& pieces);
  void Adopt(const std::shared_ptr<SegmentFile>& segment);
  void Finish(const SegmentFile& segment);
  void Resume() { stopped_ = false; }
  bool stopped() const { return stopped_; }
  Result<std::string> Read(const SegmentFile& segment, uint64_t offset, size_t bytes);
  Result<uint64_t> FindRecord(const SegmentFile& segment, uint64_t from, uint64_t end);
  std::vector<uint64_t> CountAndRemove(const SegmentFile& segment, WrittenPart part,
                                       const std::vector<uint64_t>& offsets);
  void Remove(const SegmentFile& segment);
  void RemoveCursor(const std::string& file_name);
  void SaveCursors();
  void Sync();
  // The last thing that is done.
  void Unlock() { lock_.reset(); }

  // Any thread.
  void SetSyncInterval(Millis interval) { sync_interval_ms_ = interval.count(); }
  // True where a save has to be scheduled.
  bool NoteCursor(const std::string& file_name, const SavedCursor& cursor);
  void ForgetCursor(const std::string& file_name);
  void SetQueue(DiskQueue* queue);
  uint64_t bytes_written() const { return bytes_written_; }
  Histogram write_seconds() const;
  int64_t last_write_latency_us() const { return last_write_latency_us_; }

 private:
  struct OpenSegment {
    std::shared_ptr<SegmentFile> segment;
    std::unique_ptr<File> file;
    bool torn = false;  // may hold more than `written`, from a write that failed
    bool dirty = false;
    bool finished = false;
  };

  void WriteBytes(const std::shared_ptr<SegmentFile>& segment, const std::string& bytes);
  Result<void> TryWrite(const std::shared_ptr<SegmentFile>& segment, const std::string& bytes);
  Result<OpenSegment*> OpenForWriting(const std::shared_ptr<SegmentFile>& segment);
  void Stop(const Error& error, bool sync);
  void SyncSegments();
  void SyncCursors();
  void ScheduleSync();
  void ScheduleCursorSave(Millis delay);
  std::string CursorDirectory() const { return directory_ + "/cursors"; }
  void CursorFailed(const std::string& file_name, const SavedCursor& cursor, const Error& error);

  FileSystem& files_;
  const Clock& clock_;
  const std::string directory_;
  std::unique_ptr<FileLock> lock_;
  const std::shared_ptr<LoopPort> port_;
  const LogDisk::Events events_;  // called on the loop's thread
  std::atomic<int64_t> sync_interval_ms_;
  std::atomic<uint64_t> bytes_written_{0};
  std::atomic<int64_t> last_write_latency_us_{0};
  mutable std::mutex write_seconds_mutex_;
  Histogram write_seconds_ = LogStats().write_seconds;

  std::map<uint64_t, OpenSegment> open_;
  std::atomic<bool> stopped_ = false;
  bool names_dirty_ = false;
  bool sync_scheduled_ = false;
  struct Cursor {
    explicit Cursor(CursorFile cursor_file) : file(std::move(cursor_file)) {}
    CursorFile file;
    SavedCursor saved;
  };
  std::map<std::string, Cursor> cursors_;

  std::mutex queue_mutex_;
  DiskQueue* queue_ = nullptr;
  std::mutex noted_mutex_;
  std::map<std::string, SavedCursor> noted_;
  bool save_scheduled_ = false;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_DISK_WORKER_H_
