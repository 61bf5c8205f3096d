// A receiver's reader: decodes segments in order, from memory where it keeps up, from disk where
// not, and gives their scrapes out in windows (queue/log_window.h).
//
// Who calls it: its sender, through LogReader; the log, to wake it. The loop's thread.
// Operation: values are coded against earlier ones, so a segment is always decoded from its first
// record; what lies before the cursor is decoded and not delivered. A byte is the same in memory
// and on disk and is named by its position, so that going over from one to the other loses and
// doubles nothing. A reader that has caught up is live: it takes scrapes as they are appended
// (queue/log_live.h) and lets go of its decoder until it falls behind. The disk is read in pieces
// of 256 KiB, one ahead. What a window has taken in is given out even where its segment has gone
// meanwhile. What may have been sent before makes windows of its own (ScrapeView::may_be_resent).
// Memory, unless it is live: a window, two pieces while it reads from disk, and the decoder's
// previous values.
#ifndef LIMPET_QUEUE_LOG_READER_IMPL_H_
#define LIMPET_QUEUE_LOG_READER_IMPL_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "queue/log_impl.h"
#include "queue/log_window.h"
#include "queue/segment_decoder.h"

namespace limpet {

class LogReaderImpl : public LogReader {
 public:
  static constexpr size_t kPieceBytes = 256 * 1024;
  // Given out and not acknowledged; no more is given out then.
  static constexpr uint64_t kGivenBytesMax = 12u << 20;
  // Behind a cursor that an earlier process left: it may have sent that much, and some more because
  // a cursor is saved a little later than it moves.
  static constexpr uint64_t kResentBytesMax = 16u << 20;
  // One that fell behind goes on decoding for so long: falling behind again would mean to decode
  // the segment from its beginning again.
  static constexpr Millis kDecodesFor{10'000};

  LogReaderImpl(LogImpl& log, std::shared_ptr<LogReceiver> receiver);
  ~LogReaderImpl() override;

  const ScrapeView* Next() override;
  LogPosition position() const override { return delivered_; }
  void SetWakeUp(std::function<void()> wake_up) override { wake_up_ = std::move(wake_up); }
  void Acknowledge(LogPosition position) override;
  void Rewind() override;
  uint64_t backlog_bytes() const override;
  int64_t oldest_unsent_ms() const override;
  const LostSamples& samples_lost() const override { return receiver_->lost; }

  // Everything before it has been given out or will be, whatever becomes of the log.
  LogPosition taken() const { return window_.empty() ? delivered_ : place_; }
  // The next one to take of LogImpl::live(); nothing where the reader decodes.
  std::optional<uint64_t> live_next() const { return live_next_; }

  const std::shared_ptr<LogReceiver>& receiver() const { return receiver_; }
  // There may be something to read now.
  void Wake();
  // The log is closed: there is nothing to read any more.
  void Detach() { log_ = nullptr; }

 private:
  enum class Fetched { kRecord, kMoved, kWait };

  void Enter(LogPosition from);
  void BecomeLive();
  const ScrapeView* NextLive();
  LogSegment* CurrentSegment();
  Fetched Fetch(LogSegment& segment, Record& record);
  Fetched FetchFromDisk(LogSegment& segment, Record& record);
  bool ExtendBuffer(LogSegment& segment, size_t needed);
  void StartRead(LogSegment& segment, uint64_t offset, size_t bytes);
  void OnRead(uint64_t offset, Result<std::string> bytes);
  void OnReadFailed(const std::string& error);
  void StartResync(LogSegment& segment);
  void OnResync(Result<uint64_t> found);
  void SkipDiskPart(LogSegment& segment);
  void DropBuffers();
  // What was given out, will be asked for again and is not there any more.
  void CountLostUnacknowledged();
  // True where it stands at a scrape to give out.
  bool GiveOut();
  void CountUndecoded(const LogWindow::Scrape& scrape);
  // True where the window is complete, false where there is to wait for more.
  bool Gather();
  LogSegment* WindowSegment();
  void Take(LogSegment& segment, const Record& record);
  void AddToWindow(std::string_view payload);
  // Nothing is known of what lies there, not even what it was.
  void PassOver(LogSegment& segment, uint64_t end);
  // `samples_before` have been written before the place; those that were not seen are lost.
  void CountUnseen(uint64_t samples_before, uint64_t offset);
  void CountDamaged(uint64_t samples, uint64_t offset);
  LogSegment* Find(uint64_t number);
  LogPosition Behind(LogPosition from, uint64_t bytes) const;
  // A call that comes to nothing where the reader is gone or has moved on.
  template <typename F>
  auto Guarded(F function);

  LogImpl* log_;
  std::shared_ptr<LogReceiver> receiver_;
  std::function<void()> wake_up_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
  bool waiting_ = false;
  bool wake_posted_ = false;

  LogPosition place_;          // of the record to come
  LogPosition delivered_;      // behind the last window given out
  uint64_t deliver_from_ = 0;  // in the present segment
  std::unique_ptr<SegmentDecoder> decoder_;
  uint64_t samples_seen_ = 0;      // in the present segment, before place_
  bool unseen_is_wanted_ = false;  // something to deliver may have been passed over
  LogWindow window_;
  bool complete_ = false;  // the window is being given out
  struct Given {
    LogPosition end;
    bool may_be_resent = false;
    uint64_t bytes = 0;
    uint64_t samples = 0;
    int64_t oldest_ms = INT64_MAX;
    int64_t newest_ms = INT64_MIN;
  };
  std::deque<Given> unacknowledged_;  // windows; the last one is that being made or given out
  uint64_t given_bytes_ = 0;          // of all of them
  bool paused_ = false;               // there is more, but too much is unacknowledged
  LogPosition resent_to_;             // what is before it may have been sent already

  std::optional<uint64_t> live_next_;
  std::shared_ptr<const LiveScrape> live_;  // given out last
  std::optional<SteadyTime> fell_behind_at_;

  uint64_t generation_ = 0;  // of what was asked of the disk
  std::string buffer_;
  uint64_t buffer_offset_ = 0;
  std::string ahead_;
  uint64_t ahead_offset_ = 0;
  bool reading_ = false;
  bool blocked_ = false;  // looking for a good record, or waiting to try a failed read again
  int read_failures_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_READER_IMPL_H_
