// A receiver's reader: decodes segments in order, from memory where it keeps up, from disk where
// not.
//
// Who calls it: its sender, through LogReader; the log, to wake it. The loop's thread.
// Operation: values are coded against earlier ones, so a segment is always decoded from its first
// record; what lies before the cursor is decoded and not delivered. A byte is the same in memory
// and on disk and is named by its position, so that going over from one to the other loses and
// doubles nothing. The disk is read in pieces of 256 KiB, one ahead. Memory: two pieces while it
// reads from disk, and the decoder's previous values.
#ifndef LIMPET_QUEUE_LOG_READER_IMPL_H_
#define LIMPET_QUEUE_LOG_READER_IMPL_H_

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "queue/log_impl.h"
#include "queue/segment_decoder.h"

namespace limpet {

class LogReaderImpl : public LogReader {
 public:
  static constexpr size_t kPieceBytes = 256 * 1024;

  LogReaderImpl(LogImpl& log, std::shared_ptr<LogReceiver> receiver);
  ~LogReaderImpl() override;

  const ScrapeView* Next() override;
  LogPosition position() const override { return delivered_; }
  void SetWakeUp(std::function<void()> wake_up) override { wake_up_ = std::move(wake_up); }
  void Acknowledge(LogPosition position) override;
  void Rewind() override;
  uint64_t backlog_bytes() const override;
  uint64_t samples_dropped() const override { return receiver_->samples_dropped; }

  const std::shared_ptr<LogReceiver>& receiver() const { return receiver_; }
  // There may be something to read now.
  void Wake();
  // The log is closed: there is nothing to read any more.
  void Detach() { log_ = nullptr; }

 private:
  enum class Fetched { kRecord, kMoved, kWait };

  void Enter(LogPosition from);
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
  bool Decode(LogSegment& segment, const Record& record);
  LogSegment* Find(uint64_t number);
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
  LogPosition delivered_;      // behind the last one given out
  uint64_t deliver_from_ = 0;  // in the present segment
  std::unique_ptr<SegmentDecoder> decoder_;
  std::deque<std::pair<LogPosition, uint64_t>> unacknowledged_;  // behind it, its samples

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
