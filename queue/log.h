// The log: every scrape, on disk until each receiver has it. The format is in queue/FORMAT.md.
//
// Who calls it: main opens and closes it, scrape/ appends (through a function), the senders read
// and acknowledge. The loop's thread only. Operation: Append encodes the record and hands it to the
// disk thread, which writes it with write(2) within 2 ms (records that wait together go together)
// and calls fdatasync at most every sync_interval. The newest records are also kept in memory (at
// most 256 KiB of what is written; tail_bytes of what is not), from which readers that keep up are
// served; the others are served from the segments by the disk thread. A segment starts with an
// empty dictionary and is deleted when every receiver has acknowledged it, or when max_bytes or
// max_age demand it. Concurrency: one disk thread a log. Nothing here blocks the loop, except Open
// and Close. Limitations: on a write error the segment is given up and a new one begun once the
// disk takes it; until then records live in the tail alone, the oldest going first, counted.
#ifndef LIMPET_QUEUE_LOG_H_
#define LIMPET_QUEUE_LOG_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/file_system.h"
#include "agent/platform/histogram.h"
#include "agent/platform/result.h"
#include "queue/scrape_view.h"

namespace limpet {

// A place between two records.
struct LogPosition {
  uint64_t segment = 0;  // segments are numbered from 1, ascending; 0: before all
  uint64_t offset = 0;   // bytes in the segment's file
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

struct LogOptions {
  std::string directory;  // has log/, cursors/ and the lock file
  uint64_t max_bytes = 512ull << 20;
  Millis max_age{0};  // 0: none
  Millis sync_interval{1000};
  uint64_t segment_bytes = 16ull << 20;
  uint64_t tail_bytes = 2ull << 20;
  // For so long the cursor of a receiver that was removed is kept, and holds segments.
  Millis cursor_grace{3'600'000};
};

// Where a receiver without a cursor begins.
enum class ReaderStart { kOldest, kNow };

struct LogStats {
  uint64_t bytes = 0;  // on disk
  uint64_t segments = 0;
  uint64_t samples_on_disk = 0;  // in older segments of an earlier process by their size
  uint64_t moved_aside_files = 0;
  uint64_t cursors = 0;  // also of receivers that were removed a short while ago
  uint64_t records_total = 0;
  uint64_t samples_total = 0;
  uint64_t bytes_written_total = 0;
  uint64_t write_errors_total = 0;
  uint64_t sync_errors_total = 0;
  uint64_t damaged_bytes_total = 0;  // torn tails and records that did not check out
  uint64_t damaged_records_total = 0;
  uint64_t segments_dropped_total = 0;  // deleted before every receiver had them
  uint64_t samples_lost_total = 0;      // neither on disk nor in memory any more (degraded state)
  int64_t oldest_timestamp_ms = 0;      // of the oldest record kept; 0: none
  bool degraded = false;                // the disk does not take writes
  std::string last_error;               // empty unless degraded
  int64_t last_write_latency_us = 0;
  Histogram write_seconds{{0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 5}};
  Histogram sync_seconds{{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5}};
};

// Samples that a receiver will not get any more, by what took them.
struct LostSamples {
  uint64_t max_bytes = 0;
  uint64_t max_age = 0;
  // In parts of the disk that cannot be read or do not check out: as far as records around them
  // tell how many those were.
  uint64_t damage = 0;
  uint64_t memory = 0;  // there was no room to keep them while the disk did not take writes
  uint64_t total() const { return max_bytes + max_age + damage + memory; }
};

class LogReader;

class Log {
 public:
  // Fails only where the directory cannot be made or another process holds the lock. Whatever else
  // it finds there is repaired, moved aside or skipped, and counted.
  static Result<std::unique_ptr<Log>> Open(EventLoop& loop, FileSystem& files, const Clock& clock,
                                           LogOptions options);
  virtual ~Log() = default;

  virtual void Append(const ScrapeView& scrape) = 0;
  // A reader for the receiver of that name, at its saved cursor; without one, where `start` says.
  // The name is a label value: it is made safe for a file name here.
  virtual std::unique_ptr<LogReader> NewReader(const std::string& receiver,
                                               ReaderStart start = ReaderStart::kOldest) = 0;
  // Forgets the cursors of receivers that are not in the list once they have been missing from it
  // for cursor_grace, restarts included. One that comes back before that goes on where it was.
  virtual void KeepOnly(const std::vector<std::string>& receivers) = 0;
  virtual void SetBounds(uint64_t max_bytes, Millis max_age, Millis sync_interval) = 0;
  virtual const LogStats& stats() const = 0;
  // Writes and syncs what is pending, saves the cursors and ends the disk thread, within `limit`.
  virtual void Close(Millis limit) = 0;
};

// Reads the log for one receiver, in windows: what is readable now, at most until one target has 32
// scrapes in it, to 4 MiB, or to the segment's end. Within a window scrapes come target by target
// (LogTarget::key), each target's in the log's order, so that a sender can put many samples of a
// series into a request. Live, each scrape is a window of its own. What may have been
// sent before (ScrapeView::may_be_resent) makes windows of its own. With 12 MiB given out and
// not acknowledged, nothing more comes. Destroying it leaves the saved cursor where it is.
class LogReader {
 public:
  virtual ~LogReader() = default;

  // The next scrape, or null where there is none for now; the wake-up then tells when to ask again.
  // What it points to is good until the next call.
  virtual const ScrapeView* Next() = 0;
  // Up to there everything has been given out: until a window's last scrape has been, that is where
  // it begins, then its end.
  virtual LogPosition position() const = 0;
  virtual void SetWakeUp(std::function<void()> wake_up) = 0;
  // Everything before it has been delivered or given up on purpose; saved by the disk thread.
  virtual void Acknowledge(LogPosition position) = 0;
  // Goes back to the last acknowledged position.
  virtual void Rewind() = 0;

  virtual uint64_t backlog_bytes() const = 0;  // behind the acknowledged position
  // Timestamp of the oldest scrape that is not acknowledged; 0: none. Where that has not been read
  // from disk yet, it may be younger than told, by less than what a segment covers.
  virtual int64_t oldest_unsent_ms() const = 0;
  // Gone before they were given out, or before they were acknowledged and had to be read again.
  virtual const LostSamples& samples_lost() const = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_H_
