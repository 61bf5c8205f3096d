// The log's hands on the disk: everything that may block, done on the disk thread.
//
// Who calls it: Log and its readers, on the loop's thread. Answers come back through the loop; none
// comes after the LogDisk is gone.
// Operation: writes are done in order. After a write or a sync that failed none is done any more
// (they are passed over, and stay in memory with the caller) until Resume, so that what a segment
// holds is always a prefix of what was appended. Asking twice for the same write does it once.
// Files written to are synced together, at most every sync_interval; cursors are saved 100 ms after
// they moved and synced with the rest. Limits: the file system and the clock must live as long as
// the process where Close gives up waiting for the thread, which then keeps the lock, too.
#ifndef LIMPET_QUEUE_LOG_DISK_H_
#define LIMPET_QUEUE_LOG_DISK_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/file_system.h"
#include "agent/platform/result.h"
#include "queue/cursor_file.h"
#include "queue/log.h"
#include "queue/log_disk_queue.h"

namespace limpet {

// A segment's file as both threads see it.
struct SegmentFile {
  SegmentFile(uint64_t segment_number, std::string file_path)
      : number(segment_number), path(std::move(file_path)) {}
  const uint64_t number;
  const std::string path;
  // Bytes that write(2) has taken; moved by the disk thread, by whole appends.
  std::atomic<uint64_t> written{0};
  // Nothing is written to it any more: a sync of it failed, or it is not wanted. Any thread.
  std::atomic<bool> given_up{false};
};

// What of a segment is on disk.
struct WrittenPart {
  uint64_t end = 0;
  uint64_t samples = 0;  // 0: not known
};

// Why writing stopped.
struct WriteStop {
  Error error;
  bool sync = false;  // a sync failed, not a write
};

class DiskWorker;
class LoopPort;
class WriteGroup;

class LogDisk {
 public:
  struct Events {
    // Writing has stopped.
    std::function<void(const WriteStop& stop)> stopped;
    std::function<void(double seconds)> synced;
    std::function<void(const Error& error)> cursor_failed;
  };

  LogDisk(EventLoop& loop, FileSystem& files, const Clock& clock, std::string directory,
          std::unique_ptr<FileLock> lock, std::unique_ptr<DiskQueue> queue, Millis sync_interval,
          Events events);
  ~LogDisk();
  LogDisk(const LogDisk&) = delete;
  LogDisk& operator=(const LogDisk&) = delete;

  // Appends at `offset`, which is where the file ends; a segment's first bytes create its file.
  void Write(std::shared_ptr<SegmentFile> segment, uint64_t offset,
             std::shared_ptr<const std::string> bytes);
  // Syncs what an earlier process wrote: it may have died before it came to that.
  void Adopt(std::shared_ptr<SegmentFile> segment);
  // No more will be written to it.
  void Finish(std::shared_ptr<SegmentFile> segment);
  // Takes writes again after they stopped.
  void Resume();
  // Calls back, through the loop, behind everything posted before, after a while.
  void After(Millis delay, std::function<void()> function);
  // Calls back with whether writing is stopped, behind everything posted before.
  void Probe(std::function<void(bool stopped)> function);

  void Read(std::shared_ptr<SegmentFile> segment, uint64_t offset, size_t bytes,
            std::function<void(Result<std::string>)> function);
  // The next place behind `from` where a record checks out, or `end`.
  void FindRecord(std::shared_ptr<SegmentFile> segment, uint64_t from, uint64_t end,
                  std::function<void(Result<uint64_t>)> function);
  // How many samples are between each of the places and the end; then the file goes.
  void CountAndRemove(std::shared_ptr<SegmentFile> segment, WrittenPart part,
                      std::vector<uint64_t> offsets,
                      std::function<void(std::vector<uint64_t>)> function);
  void Remove(std::shared_ptr<SegmentFile> segment);

  // By the receiver's file name. Coalesced: only the last of several is saved.
  void SaveCursor(const std::string& file_name, const SavedCursor& cursor);
  void RemoveCursor(const std::string& file_name);

  void SetSyncInterval(Millis interval);
  // Writes what was posted, syncs and saves cursors. False where the limit did not suffice.
  bool Close(Millis limit);
  // Whether writing has stopped, reported already or not.
  bool stopped() const;

  uint64_t bytes_written() const;
  int64_t last_write_latency_us() const;
  Histogram write_seconds() const;

 private:
  // Behind every write that was asked for before.
  void Post(std::function<void()> function);

  std::shared_ptr<LoopPort> port_;
  std::shared_ptr<DiskWorker> worker_;
  std::unique_ptr<DiskQueue> queue_;
  std::shared_ptr<WriteGroup> group_;  // the last thing posted, if that was a write
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_DISK_H_
