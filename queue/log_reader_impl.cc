#include "queue/log_reader_impl.h"

#include <algorithm>

#include "agent/platform/free_memory.h"

namespace limpet {
namespace {

// Decoded without anything to deliver before the loop gets its turn.
constexpr uint64_t kSilentBytesMax = 512 * 1024;

}  // namespace

LogReaderImpl::LogReaderImpl(LogImpl& log, std::shared_ptr<LogReceiver> receiver)
    : log_(&log), receiver_(std::move(receiver)) {
  delivered_ = receiver_->acknowledged;
  resent_to_ = Behind(delivered_, kResentBytesMax);
  Enter(delivered_);
}

LogReaderImpl::~LogReaderImpl() {
  if (log_ == nullptr) return;
  CountLostUnacknowledged();
  log_->Forget(*this);
}

const ScrapeView* LogReaderImpl::Next() {
  waiting_ = false;
  if (log_ == nullptr) return nullptr;
  if (live_next_) {
    if (const ScrapeView* scrape = NextLive()) return scrape;
  }
  if (!live_next_) {
    do {
      if (GiveOut()) return &decoder_->view();
    } while (Gather());
    BecomeLive();
  }
  waiting_ = true;
  return nullptr;
}

// Where everything has been read.
void LogReaderImpl::BecomeLive() {
  if (paused_ || place_ != log_->end() || deliver_from_ > place_.offset) return;
  if (unseen_is_wanted_) return;  // the records to come tell how much it was
  if (fell_behind_at_ && log_->clock().Now() - *fell_behind_at_ < kDecodesFor) return;
  decoder_.reset();
  window_ = LogWindow();
  DropBuffers();
  ReturnFreeMemory();
  live_next_ = log_->live().end();
}

const ScrapeView* LogReaderImpl::NextLive() {
  live_.reset();
  paused_ = given_bytes_ >= kGivenBytesMax;
  if (paused_ || *live_next_ == log_->live().end()) return nullptr;
  auto next = log_->live().Get(*live_next_);
  const LogSegment* segment = next == nullptr ? nullptr : Find(next->begin().segment);
  if (segment == nullptr || next->end().offset > segment->ReadableEnd()) {
    fell_behind_at_ = log_->clock().Now();
    Enter(place_);
    return nullptr;
  }
  place_ = next->end();
  delivered_ = place_;
  const ScrapeView& scrape = next->view();
  const uint64_t bytes = next->end().offset - next->begin().offset;
  unacknowledged_.push_back({.end = place_,
                             .bytes = bytes,
                             .samples = scrape.values.size(),
                             .oldest_ms = scrape.timestamp_ms,
                             .newest_ms = scrape.timestamp_ms});
  given_bytes_ += bytes;
  ++*live_next_;
  log_->TrimLive();
  live_ = std::move(next);
  return &scrape;
}

bool LogReaderImpl::GiveOut() {
  while (complete_) {
    const LogWindow::Scrape scrape = window_.Take();
    const bool decoded = decoder_->DecodeScanned(scrape.payload);
    decoder_->SetMayBeResent(unacknowledged_.back().may_be_resent);
    if (!decoded) CountUndecoded(scrape);
    if (window_.empty()) {
      complete_ = false;
      window_.Clear();
      delivered_ = unacknowledged_.back().end;
    }
    if (decoded) return true;
  }
  return false;
}

// The checksum was right, so this is what a writer should not have written.
void LogReaderImpl::CountUndecoded(const LogWindow::Scrape& scrape) {
  Given& window = unacknowledged_.back();
  window.samples -= std::min<uint64_t>(window.samples, scrape.samples);
  receiver_->lost.damage += scrape.samples;
  LogSegment* segment = Find(window.end.segment);
  if (segment == nullptr) return;
  log_->CountDamage(*segment, window.end.offset - scrape.payload.size(), window.end.offset);
}

bool LogReaderImpl::Gather() {
  paused_ = window_.empty() && given_bytes_ >= kGivenBytesMax;
  if (paused_) return false;
  uint64_t silent_bytes = 0;
  while (LogSegment* segment = WindowSegment()) {
    Record record;
    const Fetched fetched = Fetch(*segment, record);
    if (fetched == Fetched::kWait) {
      // What is at hand does not wait for a part of the disk that is in trouble.
      if (window_.empty() || !blocked_) return false;
      break;
    }
    if (fetched == Fetched::kMoved) continue;
    Take(*segment, record);
    if (window_.full()) break;
    if (!window_.empty()) {
      if (unacknowledged_.back().may_be_resent && place_ >= resent_to_) break;
      continue;
    }
    silent_bytes += record.bytes;
    if (silent_bytes > kSilentBytesMax) {
      waiting_ = true;
      Wake();
      return false;
    }
  }
  complete_ = !window_.empty();
  return complete_;
}

// Null where there is nothing to take any more, for now or for this window.
LogSegment* LogReaderImpl::WindowSegment() {
  if (window_.empty()) return CurrentSegment();
  LogSegment* segment = Find(place_.segment);
  return segment != nullptr && place_.offset < segment->ReadableEnd() ? segment : nullptr;
}

void LogReaderImpl::Take(LogSegment& segment, const Record& record) {
  if (window_.empty()) decoder_->ForgetClosed();
  const uint64_t begin = place_.offset;
  place_.offset += record.bytes;
  const bool wanted = place_.offset > deliver_from_;
  const SegmentDecoder::Outcome outcome = decoder_->Scan(record);
  const ScannedScrape& scrape = decoder_->scanned();
  if (scrape.samples_before) CountUnseen(*scrape.samples_before, begin);
  samples_seen_ += scrape.samples;
  if (outcome == SegmentDecoder::Outcome::kDictionary) return;
  const bool scanned = outcome == SegmentDecoder::Outcome::kScrape;
  if (scanned && wanted) {
    if (window_.empty()) {
      unacknowledged_.emplace_back();
      unacknowledged_.back().may_be_resent = LogPosition{place_.segment, begin} < resent_to_;
    }
    return AddToWindow(record.payload);
  }
  // What was given out before is needed for the values that follow.
  if (scanned && decoder_->DecodeScanned(record.payload)) return;
  log_->CountDamage(segment, begin, place_.offset);
  // At its last byte: behind what is missing before it, and before what is missing behind it.
  if (wanted) CountDamaged(scrape.samples, place_.offset - 1);
}

void LogReaderImpl::AddToWindow(std::string_view payload) {
  const ScannedScrape& scrape = decoder_->scanned();
  window_.Add(scrape.key, payload, static_cast<uint32_t>(scrape.samples));
  Given& window = unacknowledged_.back();
  window.end = place_;
  window.samples += scrape.samples;
  window.bytes += payload.size();
  given_bytes_ += payload.size();
  window.oldest_ms = std::min(window.oldest_ms, scrape.timestamp_ms);
  window.newest_ms = std::max(window.newest_ms, scrape.timestamp_ms);
}

void LogReaderImpl::CountUnseen(uint64_t samples_before, uint64_t offset) {
  if (samples_before > samples_seen_ && unseen_is_wanted_) {
    CountDamaged(samples_before - samples_seen_, offset);
  }
  samples_seen_ = std::max(samples_seen_, samples_before);
  unseen_is_wanted_ = false;
}

void LogReaderImpl::CountDamaged(uint64_t samples, uint64_t offset) {
  const LogPosition at{place_.segment, offset};
  if (at <= receiver_->damage_counted_to) return;
  receiver_->damage_counted_to = at;
  receiver_->lost.damage += samples;
}

void LogReaderImpl::Enter(LogPosition from) {
  place_ = {from.segment, kSegmentHeaderBytes};
  deliver_from_ = from.offset;
  decoder_.reset();
  live_next_.reset();
  live_.reset();
  window_.Clear();
  complete_ = false;
  samples_seen_ = 0;
  unseen_is_wanted_ = false;
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

// The place that many bytes of the log behind another one, or the log's end.
LogPosition LogReaderImpl::Behind(LogPosition from, uint64_t bytes) const {
  LogPosition end = from;
  for (auto at = log_->segments().lower_bound(from.segment); at != log_->segments().end(); ++at) {
    const uint64_t begin = at->first == from.segment ? from.offset : 0;
    const uint64_t here = std::max(at->second.ReadableEnd(), begin) - begin;
    end = {at->first, begin + std::min(here, bytes)};
    if (here >= bytes) break;
    bytes -= here;
  }
  return end;
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
      if (decoder_ != nullptr) CountUnseen(segment.samples, UINT64_MAX);
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

void LogReaderImpl::Acknowledge(LogPosition position) {
  position = std::min(position, delivered_);
  while (!unacknowledged_.empty() && unacknowledged_.front().end <= position) {
    receiver_->acknowledged_ms =
        std::max(receiver_->acknowledged_ms, unacknowledged_.front().newest_ms);
    given_bytes_ -= unacknowledged_.front().bytes;
    unacknowledged_.pop_front();
  }
  if (paused_) Wake();
  if (log_ != nullptr) log_->Acknowledge(*receiver_, position);
}

void LogReaderImpl::Rewind() {
  if (log_ == nullptr || unacknowledged_.empty()) return;
  CountLostUnacknowledged();
  resent_to_ = std::max(resent_to_, unacknowledged_.back().end);
  unacknowledged_.clear();
  given_bytes_ = 0;
  delivered_ = receiver_->acknowledged;
  Enter(delivered_);
}

void LogReaderImpl::CountLostUnacknowledged() {
  for (const Given& window : unacknowledged_) {
    const LogSegment* segment = Find(window.end.segment);
    if (segment == nullptr) {
      receiver_->lost.*(log_->WhyGone(window.end.segment)) += window.samples;
    } else if (window.end.offset > segment->ReadableEnd()) {
      receiver_->lost.memory += window.samples;
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

int64_t LogReaderImpl::oldest_unsent_ms() const {
  if (log_ == nullptr) return 0;
  if (!unacknowledged_.empty()) return unacknowledged_.front().oldest_ms;
  const LogPosition from = receiver_->acknowledged;
  for (auto at = log_->segments().lower_bound(from.segment); at != log_->segments().end(); ++at) {
    const LogSegment& segment = at->second;
    const uint64_t begin = std::max(at->first == from.segment ? from.offset : 0,
                                    static_cast<uint64_t>(kSegmentHeaderBytes));
    if (begin >= segment.ReadableEnd()) continue;
    if (begin >= segment.MemoryBegin()) return segment.ChunkAt(begin).timestamp_ms;
    // On disk, and not read yet.
    return begin == kSegmentHeaderBytes ? segment.oldest_ms
                                        : std::max(segment.oldest_ms, receiver_->acknowledged_ms);
  }
  return 0;
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
