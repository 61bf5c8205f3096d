#include "queue/log_reader_impl.h"

#include <algorithm>
#include <cassert>

#include "agent/platform/logging.h"

namespace limpet {
namespace {

// Decoded without anything to deliver before the loop gets its turn.
constexpr uint64_t kSilentBytesMax = 512 * 1024;
constexpr int kReadRetriesMax = 6;  // after 1, 2, 4, ... 32 s
constexpr Millis kReadRetryMin{1000};

}  // namespace

LogReaderImpl::LogReaderImpl(LogImpl& log, std::shared_ptr<LogReceiver> receiver)
    : log_(&log), receiver_(std::move(receiver)) {
  delivered_ = receiver_->acknowledged;
  Enter(delivered_);
}

LogReaderImpl::~LogReaderImpl() {
  if (log_ == nullptr) return;
  CountLostUnacknowledged();
  log_->Forget(*this);
}

template <typename F>
auto LogReaderImpl::Guarded(F function) {
  return [this, function, generation = generation_, alive = std::weak_ptr(alive_)](auto... result) {
    if (alive.expired() || log_ == nullptr || generation != generation_) return;
    function(std::move(result)...);
  };
}

const ScrapeView* LogReaderImpl::Next() {
  waiting_ = false;
  if (log_ == nullptr) return nullptr;
  uint64_t silent_bytes = 0;
  while (LogSegment* segment = CurrentSegment()) {
    Record record;
    const Fetched fetched = Fetch(*segment, record);
    if (fetched == Fetched::kWait) break;
    if (fetched == Fetched::kMoved) continue;
    if (Decode(*segment, record)) return &decoder_->view();
    silent_bytes += record.bytes;
    if (silent_bytes > kSilentBytesMax) {
      waiting_ = true;
      Wake();
      return nullptr;
    }
  }
  waiting_ = true;
  return nullptr;
}

bool LogReaderImpl::Decode(LogSegment& segment, const Record& record) {
  const LogPosition begin = place_;
  place_.offset += record.bytes;
  const bool wanted = place_.offset > deliver_from_;
  const SegmentDecoder::Outcome outcome = decoder_->Decode(record);
  if (outcome == SegmentDecoder::Outcome::kUndecodable) {
    log_->CountDamage(segment, begin.offset, place_.offset);
    if (wanted) receiver_->samples_dropped += decoder_->lost_samples();
  }
  if (outcome != SegmentDecoder::Outcome::kScrape || !wanted) return false;
  delivered_ = place_;
  unacknowledged_.emplace_back(delivered_, decoder_->view().values.size());
  return true;
}

void LogReaderImpl::Enter(LogPosition from) {
  place_ = {from.segment, kSegmentHeaderBytes};
  deliver_from_ = from.offset;
  decoder_.reset();
  DropBuffers();
  ++generation_;
  reading_ = false;
  blocked_ = false;
  read_failures_ = 0;
}

LogSegment* LogReaderImpl::Find(uint64_t number) {
  const auto found = log_->segments().find(number);
  return found == log_->segments().end() ? nullptr : &found->second;
}

LogSegment* LogReaderImpl::CurrentSegment() {
  for (;;) {
    const auto at = log_->segments().lower_bound(place_.segment);
    if (at == log_->segments().end()) return nullptr;
    LogSegment& segment = at->second;
    if (at->first != place_.segment) Enter({at->first, 0});
    if (receiver_->acknowledged.segment < at->first && unacknowledged_.empty()) {
      // Nothing before this segment is still to be had, so nothing before it needs to be kept.
      delivered_ = {at->first, kSegmentHeaderBytes};
      log_->Acknowledge(*receiver_, delivered_);
      continue;
    }
    const uint64_t end = segment.ReadableEnd();
    const bool finished = place_.offset >= end || deliver_from_ >= end;
    if (finished && !log_->IsActive(segment)) {
      Enter({at->first + 1, 0});
      continue;
    }
    if (place_.offset >= end) return nullptr;
    if (decoder_ == nullptr) {
      decoder_ = std::make_unique<SegmentDecoder>(segment.created_ms, log_->pool());
    }
    return &segment;
  }
}

LogReaderImpl::Fetched LogReaderImpl::Fetch(LogSegment& segment, Record& record) {
  if (place_.offset < segment.MemoryBegin()) return FetchFromDisk(segment, record);
  DropBuffers();
  const LogChunk& chunk = segment.ChunkAt(place_.offset);
  size_t needed = 0;
  const auto status =
      ParseRecord(std::string_view(*chunk.bytes).substr(place_.offset - chunk.offset),
                  RecordCheck::kTrusted, record, needed);
  if (status == RecordStatus::kOk) return Fetched::kRecord;
  // Only where damage on disk made the reader lose the records' borders.
  const uint64_t chunk_end = chunk.offset + chunk.bytes->size();
  log_->CountDamage(segment, place_.offset, chunk_end);
  place_.offset = chunk_end;
  return Fetched::kMoved;
}

LogReaderImpl::Fetched LogReaderImpl::FetchFromDisk(LogSegment& segment, Record& record) {
  for (;;) {
    if (blocked_) return Fetched::kWait;
    std::string_view have;
    if (place_.offset >= buffer_offset_ && place_.offset - buffer_offset_ <= buffer_.size()) {
      have = std::string_view(buffer_).substr(place_.offset - buffer_offset_);
    }
    size_t needed = 0;
    const RecordStatus status = ParseRecord(have, RecordCheck::kChecksum, record, needed);
    if (status == RecordStatus::kOk) return Fetched::kRecord;
    if (status == RecordStatus::kBad || place_.offset + needed > segment.written()) {
      StartResync(segment);
      return Fetched::kWait;
    }
    if (!ExtendBuffer(segment, needed)) return Fetched::kWait;
  }
}

// False where the bytes have to be waited for.
bool LogReaderImpl::ExtendBuffer(LogSegment& segment, size_t needed) {
  if (place_.offset < buffer_offset_ || place_.offset > buffer_offset_ + buffer_.size()) {
    DropBuffers();
    buffer_offset_ = place_.offset;
  }
  const uint64_t buffer_end = buffer_offset_ + buffer_.size();
  if (!ahead_.empty() && ahead_offset_ == buffer_end) {
    buffer_.erase(0, place_.offset - buffer_offset_);
    buffer_offset_ = place_.offset;
    buffer_.append(ahead_);
    ahead_.clear();
    StartRead(segment, buffer_offset_ + buffer_.size(), kPieceBytes);
    return true;
  }
  const size_t have = buffer_end - place_.offset;
  StartRead(segment, buffer_end, std::max<size_t>(kPieceBytes, needed - have));
  return false;
}

void LogReaderImpl::StartRead(LogSegment& segment, uint64_t offset, size_t bytes) {
  const uint64_t end = segment.written();
  if (reading_ || offset >= end) return;
  reading_ = true;
  log_->disk().Read(
      segment.file, offset, std::min<uint64_t>(bytes, end - offset),
      Guarded([this, offset](Result<std::string> read) { OnRead(offset, std::move(read)); }));
}

void LogReaderImpl::OnRead(uint64_t offset, Result<std::string> bytes) {
  reading_ = false;
  if (bytes && !bytes->empty()) {
    read_failures_ = 0;
    ahead_ = std::move(*bytes);
    ahead_offset_ = offset;
    return Wake();
  }
  OnReadFailed(bytes ? "the file is shorter than it was" : bytes.error().message);
}

void LogReaderImpl::OnReadFailed(const std::string& error) {
  LogSegment* segment = Find(place_.segment);
  if (segment == nullptr) return Wake();
  if (++read_failures_ > kReadRetriesMax) {
    LogWarn("a part of the log cannot be read and is passed over",
            {{"file", segment->file->path}, {"error", error}});
    SkipDiskPart(*segment);
    read_failures_ = 0;
    return Wake();
  }
  // What cannot be read now may be readable in a minute; only then is it given up.
  blocked_ = true;
  log_->disk().After(kReadRetryMin * (1 << (read_failures_ - 1)), Guarded([this] {
                       blocked_ = false;
                       Wake();
                     }));
}

void LogReaderImpl::StartResync(LogSegment& segment) {
  blocked_ = true;
  log_->disk().FindRecord(segment.file, place_.offset, segment.DiskEnd(),
                          Guarded([this](Result<uint64_t> found) { OnResync(std::move(found)); }));
}

void LogReaderImpl::OnResync(Result<uint64_t> found) {
  blocked_ = false;
  if (!found) return OnReadFailed(found.error().message);
  LogSegment* segment = Find(place_.segment);
  if (segment == nullptr) return Wake();
  if (*found <= place_.offset) {
    SkipDiskPart(*segment);
  } else {
    log_->CountDamage(*segment, place_.offset, *found);
    place_.offset = *found;
  }
  Wake();
}

void LogReaderImpl::SkipDiskPart(LogSegment& segment) {
  const uint64_t end = segment.DiskEnd();
  if (end <= place_.offset) return;
  log_->CountDamage(segment, place_.offset, end);
  place_.offset = end;
}

void LogReaderImpl::DropBuffers() {
  if (buffer_.capacity() > 0) std::string().swap(buffer_);
  if (ahead_.capacity() > 0) std::string().swap(ahead_);
}

void LogReaderImpl::Acknowledge(LogPosition position) {
  position = std::min(position, delivered_);
  while (!unacknowledged_.empty() && unacknowledged_.front().first <= position) {
    unacknowledged_.pop_front();
  }
  if (log_ != nullptr) log_->Acknowledge(*receiver_, position);
}

void LogReaderImpl::Rewind() {
  if (log_ == nullptr || unacknowledged_.empty()) return;
  CountLostUnacknowledged();
  unacknowledged_.clear();
  delivered_ = receiver_->acknowledged;
  Enter(delivered_);
}

void LogReaderImpl::CountLostUnacknowledged() {
  for (const auto& [behind, samples] : unacknowledged_) {
    const LogSegment* segment = Find(behind.segment);
    if (segment == nullptr || behind.offset > segment->ReadableEnd()) {
      receiver_->samples_dropped += samples;
    }
  }
}

uint64_t LogReaderImpl::backlog_bytes() const {
  if (log_ == nullptr) return 0;
  uint64_t bytes = 0;
  const LogPosition from = receiver_->acknowledged;
  for (auto at = log_->segments().lower_bound(from.segment); at != log_->segments().end(); ++at) {
    uint64_t begin = kSegmentHeaderBytes;
    if (at->first == from.segment) begin = std::max(begin, from.offset);
    bytes += std::max(at->second.ReadableEnd(), begin) - begin;
  }
  return bytes;
}

void LogReaderImpl::Wake() {
  if (!waiting_ || wake_posted_ || !wake_up_ || log_ == nullptr) return;
  wake_posted_ = true;
  log_->loop().Post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    wake_posted_ = false;
    // A copy, because the call may replace it or end the reader.
    if (const auto wake_up = wake_up_) wake_up();
  });
}

}  // namespace limpet
