#include "queue/log_impl.h"

#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "queue/cursor_file.h"
#include "queue/log_reader_impl.h"
#include "queue/record.h"

namespace limpet {
namespace {

constexpr uint64_t kSegmentBytesMin = 64 * 1024;
constexpr Millis kCloseLimit{1000};
constexpr size_t kAdoptedMax = 64;

}  // namespace

LogImpl::LogImpl(EventLoop& loop, FileSystem& files, const Clock& clock, LogOptions options,
                 std::unique_ptr<FileLock> lock, std::unique_ptr<DiskQueue> queue,
                 RecoveredLog recovered)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      segments_(std::move(recovered.segments)),
      next_number_(recovered.next_number) {
  stats_.damaged_bytes_total = recovered.damaged_bytes;
  stats_.damaged_records_total = recovered.damaged_records;
  stats_.moved_aside_files = recovered.moved_aside_files;
  for (const auto& [file_name, cursor] : recovered.cursors) {
    auto receiver = std::make_shared<LogReceiver>();
    receiver->file_name = file_name;
    receiver->acknowledged = cursor;
    receiver->removed_ms = cursor.removed_ms;
    receivers_[file_name] = std::move(receiver);
  }
  disk_ = std::make_unique<LogDisk>(
      loop, files, clock, options_.directory, std::move(lock), std::move(queue),
      options_.sync_interval,
      LogDisk::Events{.stopped = [this](const WriteStop& stop) { OnStopped(stop); },
                      .synced = [this](double seconds) { stats_.sync_seconds.Observe(seconds); },
                      .cursor_failed = [this](const Error& error) { OnCursorFailed(error); }});
  // Older ones have been synced long since; in a disk's bad hour segments are small and many.
  size_t adopted = 0;
  for (auto at = segments_.rbegin(); at != segments_.rend() && adopted < kAdoptedMax; ++at) {
    disk_->Adopt(at->second.file);
    ++adopted;
  }
  StartSegment();
  DeleteAcknowledged();
  KeepBounds(0);
  WatchAge();
}

LogImpl::~LogImpl() {
  Close(kCloseLimit);
  for (LogReaderImpl* reader : readers_) reader->Detach();
}

void LogImpl::Append(const ScrapeView& scrape) {
  if (closed_ || scrape.values.empty()) return;
  if (Active().end >= SegmentLimit()) Rotate();
  scratch_.clear();
  if (!encoder_->Encode(scrape, scratch_)) {
    stats_.samples_lost_total += scrape.values.size();
    if (!std::exchange(refused_logged_, true)) {
      LogError("a scrape is too large for the log or contradicts itself",
               {{"samples", scrape.values.size()}});
    }
    return;
  }
  if (encoder_->opened_stream()) {
    pool_.Add(scrape.layout);
    pool_.Add(scrape.target);
  }
  KeepBounds(scratch_.size());
  LogSegment& active = Active();
  if (active.oldest_ms == 0) active.oldest_ms = scrape.timestamp_ms;
  active.newest_ms = std::max(active.newest_ms, scrape.timestamp_ms);
  if (active.state == LogSegment::State::kMemory && !stats_.degraded) StartWriting(active);
  const LogPosition begin = end();
  AddChunk(active, std::string(scratch_), scrape.values.size(), scrape.timestamp_ms);
  if (AnyoneLive()) {
    live_.Add(scrape, begin, end());
  } else {
    live_.Clear();
  }
  appended_ = active_;
  ++stats_.records_total;
  stats_.samples_total += scrape.values.size();
  Trim();
  WakeReaders();
}

void LogImpl::StartSegment() {
  const uint64_t number = next_number_++;
  LogSegment segment;
  segment.file = std::make_shared<SegmentFile>(number, SegmentPath(options_.directory, number));
  segment.created_ms = clock_.WallMs();
  encoder_ = std::make_unique<SegmentEncoder>(segment.created_ms);
  const std::string header = EncodeSegmentHeader({number, segment.created_ms});
  active_ = number;
  AddChunk(segments_.emplace(number, std::move(segment)).first->second, header, 0, 0);
}

void LogImpl::Rotate() {
  LogSegment& before = Active();
  if (before.state == LogSegment::State::kWriting) {
    before.state = LogSegment::State::kClosed;
    disk_->Finish(before.file);
  }
  StartSegment();
  DeleteAcknowledged();
}

void LogImpl::StartWriting(LogSegment& segment) {
  segment.state = LogSegment::State::kWriting;
  for (const LogChunk& chunk : segment.chunks) {
    if (chunk.offset < segment.written()) continue;
    disk_->Write(segment.file, chunk.offset, chunk.bytes);
  }
}

void LogImpl::AddChunk(LogSegment& segment, std::string bytes, uint64_t samples,
                       int64_t timestamp_ms) {
  LogChunk chunk{segment.end, std::make_shared<const std::string>(std::move(bytes)), samples,
                 timestamp_ms};
  segment.end += chunk.bytes->size();
  memory_bytes_ += chunk.bytes->size();
  if (segment.state == LogSegment::State::kWriting)
    disk_->Write(segment.file, chunk.offset, chunk.bytes);
  segment.samples += samples;
  segment.chunks.push_back(std::move(chunk));
}

uint64_t LogImpl::SegmentLimit() const {
  uint64_t limit = options_.segment_bytes;
  // Small enough that making room never takes much of what is kept.
  if (options_.max_bytes < 4 * limit) {
    limit = std::min(limit, std::max(kSegmentBytesMin, options_.max_bytes / 8));
  }
  if (stats_.degraded) limit = std::min(limit, std::max(kSegmentBytesMin, options_.tail_bytes / 8));
  return limit;
}

void LogImpl::WakeReaders() {
  for (LogReaderImpl* reader : readers_) reader->Wake();
}

std::unique_ptr<LogReader> LogImpl::NewReader(const std::string& receiver, ReaderStart start) {
  const std::string file_name = CursorFileName(receiver);
  std::shared_ptr<LogReceiver>& known = receivers_[file_name];
  if (known == nullptr) {
    known = std::make_shared<LogReceiver>();
    known->file_name = file_name;
    if (start == ReaderStart::kNow) known->acknowledged = {active_, Active().end};
    SaveCursor(*known);
  } else if (std::exchange(known->removed_ms, 0) != 0) {
    SaveCursor(*known);
  }
  auto reader = std::make_unique<LogReaderImpl>(*this, known);
  readers_.push_back(reader.get());
  return reader;
}

void LogImpl::Forget(const LogReaderImpl& reader) {
  std::erase(readers_, &reader);
  TrimLive();
}

// One that has missed some does not count any more, whether or not it knows already.
bool LogImpl::AnyoneLive() const {
  return std::any_of(readers_.begin(), readers_.end(),
                     [&](const LogReaderImpl* reader) { return live_.Has(reader->live_next()); });
}

void LogImpl::TrimLive() {
  uint64_t wanted = live_.end();
  for (const LogReaderImpl* reader : readers_) {
    if (live_.Has(reader->live_next())) wanted = std::min(wanted, *reader->live_next());
  }
  live_.DropBefore(wanted);
}

void LogImpl::SaveCursor(const LogReceiver& receiver) {
  if (!closed_) disk_->SaveCursor(receiver.file_name, {receiver.acknowledged, receiver.removed_ms});
}

void LogImpl::KeepOnly(const std::vector<std::string>& receivers) {
  std::vector<std::string> kept;
  for (const std::string& name : receivers) kept.push_back(CursorFileName(name));
  for (const auto& [name, receiver] : receivers_) {
    const bool wanted = std::find(kept.begin(), kept.end(), name) != kept.end();
    if (wanted == (receiver->removed_ms == 0)) continue;
    receiver->removed_ms = wanted ? 0 : clock_.WallMs();
    SaveCursor(*receiver);
  }
  ForgetRemoved();
}

void LogImpl::Acknowledge(LogReceiver& receiver, LogPosition position) {
  if (position <= receiver.acknowledged) return;
  receiver.acknowledged = position;
  if (!receiver.counts) return;
  SaveCursor(receiver);
  DeleteAcknowledged();
}

void LogImpl::SetBounds(uint64_t max_bytes, Millis max_age, Millis sync_interval) {
  const bool watched = options_.max_age.count() > 0;
  options_.max_bytes = max_bytes;
  options_.max_age = max_age;
  options_.sync_interval = sync_interval;
  if (closed_) return;
  disk_->SetSyncInterval(sync_interval);
  KeepBounds(0);
  if (!watched) WatchAge();
}

void LogImpl::CountDamage(LogSegment& segment, uint64_t from, uint64_t to) {
  from = std::max(from, segment.damage_counted_to);
  if (from >= to) return;  // another reader came by before
  const bool first = segment.damage_counted_to == 0;
  segment.damage_counted_to = to;
  ++stats_.damaged_records_total;
  stats_.damaged_bytes_total += to - from;
  // One damaged place can take hundreds of records with it.
  if (!first) return;
  LogWarn("passing over a damaged part of the log",
          {{"file", segment.file->path}, {"offset", from}, {"bytes", to - from}});
}

const LogStats& LogImpl::stats() const {
  stats_.bytes = 0;
  stats_.segments = segments_.size();
  stats_.oldest_timestamp_ms = 0;
  for (const auto& [number, segment] : segments_) {
    stats_.bytes += segment.BytesOnDisk();
    if (stats_.oldest_timestamp_ms == 0) stats_.oldest_timestamp_ms = segment.oldest_ms;
  }
  stats_.samples_on_disk = SamplesOnDisk();
  stats_.cursors = receivers_.size();
  stats_.bytes_written_total = disk_->bytes_written();
  stats_.write_seconds = disk_->write_seconds();
  stats_.last_write_latency_us = disk_->last_write_latency_us();
  return stats_;
}

void LogImpl::Close(Millis limit) {
  if (closed_) return;
  if (disk_->stopped()) HoldInMemory();
  if (stats_.degraded || disk_->stopped()) Retry();  // once more
  closed_ = true;
  if (!disk_->Close(limit)) {
    LogError("the log's disk did not answer in time; what it had not taken is lost",
             {{"limit_ms", limit.count()}});
  }
}

}  // namespace limpet
