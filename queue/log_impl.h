// The log behind queue/log.h.
//
// Who calls it: Log::Open and tests make it through OpenLog; its readers know it as their log.
// Operation: what is appended becomes a chunk of the active segment, in memory, and is posted to
// the disk thread. Memory is trimmed from the front, by what is written. When the disk fails,
// segments go on in memory, small ones that stand alone; a retry with back-off writes what is still
// there and so heals the log. What has to make room before that is lost, and counted. Only a
// segment of which a sync failed is never written to again.
#ifndef LIMPET_QUEUE_LOG_IMPL_H_
#define LIMPET_QUEUE_LOG_IMPL_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "queue/log.h"
#include "queue/log_disk.h"
#include "queue/log_live.h"
#include "queue/log_pool.h"
#include "queue/log_recovery.h"
#include "queue/log_segment.h"
#include "queue/segment_encoder.h"

namespace limpet {

class LogReaderImpl;

// Log::Open with the disk's queue given.
Result<std::unique_ptr<Log>> OpenLog(EventLoop& loop, FileSystem& files, const Clock& clock,
                                     LogOptions options, std::unique_ptr<DiskQueue> queue);

using LossReason = uint64_t LostSamples::*;

// What the log knows of a receiver; shared with its reader.
struct LogReceiver {
  std::string file_name;
  LogPosition acknowledged;
  int64_t acknowledged_ms = 0;  // of the newest scrape that this process knows to be acknowledged
  int64_t removed_ms = 0;       // since when nobody wants it; 0: it is wanted
  LostSamples lost;
  LogPosition damage_counted_to;  // what is read again is not counted again
  bool counts = true;             // holds segments, and its cursor is saved
};

class LogImpl : public Log {
 public:
  LogImpl(EventLoop& loop, FileSystem& files, const Clock& clock, LogOptions options,
          std::unique_ptr<FileLock> lock, std::unique_ptr<DiskQueue> queue, RecoveredLog recovered);
  ~LogImpl() override;

  void Append(const ScrapeView& scrape) override;
  std::unique_ptr<LogReader> NewReader(const std::string& receiver, ReaderStart start) override;
  void KeepOnly(const std::vector<std::string>& receivers) override;
  void SetBounds(uint64_t max_bytes, Millis max_age, Millis sync_interval) override;
  const LogStats& stats() const override;
  void Close(Millis limit) override;

  // For readers.
  std::map<uint64_t, LogSegment>& segments() { return segments_; }
  bool IsActive(const LogSegment& segment) const { return segment.number() == active_; }
  LogPool& pool() { return pool_; }
  LogDisk& disk() { return *disk_; }
  EventLoop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  // Behind the last record.
  LogPosition end() { return {active_, Active().end}; }
  const LiveScrapes& live() const { return live_; }
  // A reader has taken some, or is not live any more.
  void TrimLive();
  void Acknowledge(LogReceiver& receiver, LogPosition position);
  void CountDamage(LogSegment& segment, uint64_t from, uint64_t to);
  void Forget(const LogReaderImpl& reader);
  // What took a segment that is not there any more.
  LossReason WhyGone(uint64_t segment) const;

 private:
  // log_impl.cc
  LogSegment& Active() { return segments_.at(active_); }
  void StartSegment();
  void Rotate();
  void StartWriting(LogSegment& segment);
  void AddChunk(LogSegment& segment, std::string bytes, uint64_t samples, int64_t timestamp_ms);
  uint64_t SegmentLimit() const;
  void SaveCursor(const LogReceiver& receiver);
  void WakeReaders();
  bool AnyoneLive() const;

  // log_bounds.cc
  bool Passed(const LogReceiver& receiver, const LogSegment& segment) const;
  LogPosition TakenBy(const std::shared_ptr<LogReceiver>& receiver) const;
  void DeleteAcknowledged();
  void KeepBounds(uint64_t bytes_to_come);
  void DropOldest(std::string_view reason, LossReason counter);
  void NoteGone(uint64_t segment, LossReason reason);
  uint64_t CountInMemory(const LogSegment& segment, LogPosition behind) const;
  void WatchAge();
  void ForgetRemoved();
  void WatchRemoved();
  uint64_t SamplesOnDisk() const;
  void Trim();
  void TrimWritten(uint64_t budget);
  bool LoseOldest();

  // log_faults.cc
  void OnStopped(const WriteStop& stop);
  void OnCursorFailed(const Error& error);
  bool Stalled(uint64_t pending_bytes);
  void OnStalled();
  void HoldInMemory();
  void Degrade(const std::string& error);
  void ScheduleRetry();
  void Retry();
  void WriteHeld();
  void Heal();

  EventLoop& loop_;
  const Clock& clock_;
  LogOptions options_;
  LogPool pool_;
  std::map<uint64_t, LogSegment> segments_;
  uint64_t active_ = 0;
  uint64_t appended_ = 0;  // the segment that got the last scrape
  uint64_t next_number_ = 1;
  std::unique_ptr<SegmentEncoder> encoder_;
  std::map<std::string, std::shared_ptr<LogReceiver>> receivers_;  // by file name
  std::vector<LogReaderImpl*> readers_;
  LiveScrapes live_;
  uint64_t memory_bytes_ = 0;
  std::deque<std::pair<uint64_t, LossReason>> gone_;  // the last few segments that had to go
  bool closed_ = false;
  bool refused_logged_ = false;
  bool retry_scheduled_ = false;
  bool removed_watched_ = false;
  bool probing_ = false;  // a retry is on its way through the disk thread
  Millis backoff_{0};
  uint64_t pending_seen_ = 0;  // bytes that waited for the disk at the last look
  uint64_t written_seen_ = 0;  // bytes that it had written by then
  SteadyTime progress_at_{};
  std::optional<SteadyTime> cursor_failure_logged_;
  std::string scratch_;
  mutable LogStats stats_;
  std::unique_ptr<LogDisk> disk_;  // goes first: its answers come to the others
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_IMPL_H_
