// How a reader gets at records: in memory, or piece by piece from the disk.
#include <algorithm>

#include "agent/platform/logging.h"
#include "queue/log_reader_impl.h"

namespace limpet {
namespace {

constexpr int kReadRetriesMax = 6;  // after 1, 2, 4, ... 32 s
constexpr Millis kReadRetryMin{1000};

}  // namespace

template <typename F>
auto LogReaderImpl::Guarded(F function) {
  return [this, function, generation = generation_, alive = std::weak_ptr(alive_)](auto... result) {
    if (alive.expired() || log_ == nullptr || generation != generation_) return;
    function(std::move(result)...);
  };
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
  PassOver(segment, chunk.offset + chunk.bytes->size());
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
    PassOver(*segment, *found);
  }
  Wake();
}

void LogReaderImpl::SkipDiskPart(LogSegment& segment) {
  const uint64_t end = segment.DiskEnd();
  if (end > place_.offset) PassOver(segment, end);
}

void LogReaderImpl::DropBuffers() {
  if (buffer_.capacity() > 0) std::string().swap(buffer_);
  if (ahead_.capacity() > 0) std::string().swap(ahead_);
}

void LogReaderImpl::PassOver(LogSegment& segment, uint64_t end) {
  log_->CountDamage(segment, place_.offset, end);
  unseen_is_wanted_ = unseen_is_wanted_ || end > deliver_from_;
  place_.offset = end;
}

}  // namespace limpet
