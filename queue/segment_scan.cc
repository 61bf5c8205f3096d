#include "queue/segment_scan.h"

#include <algorithm>

#include "queue/record_payload.h"

namespace limpet {
namespace {

constexpr size_t kWindowBytes = 256 * 1024;

void SummarizeScrape(const Record& record, const SegmentHeader& header, SegmentSummary& summary) {
  ByteReader in(record.payload);
  const std::optional<ScrapeFront> front = TakeScrapeFront(in);
  if (!front) return;
  const int64_t timestamp = header.created_ms + front->since_created_ms;
  summary.samples += front->samples;
  summary.oldest_ms = summary.scrapes == 0 ? timestamp : std::min(summary.oldest_ms, timestamp);
  summary.newest_ms = std::max(summary.newest_ms, timestamp);
  ++summary.scrapes;
}

}  // namespace

Result<std::string_view> SegmentWalker::Window(size_t bytes) {
  const uint64_t want = std::min<uint64_t>(bytes, end_ - offset_);
  const bool inside = offset_ >= window_offset_ && offset_ - window_offset_ <= window_.size();
  if (!inside || window_.size() - (offset_ - window_offset_) < want) {
    std::string kept = inside ? window_.substr(offset_ - window_offset_) : std::string();
    const size_t have = kept.size();
    kept.resize(std::min<uint64_t>(std::max<uint64_t>(want, kWindowBytes), end_ - offset_));
    auto got = file_.ReadAt(offset_ + have, std::span<char>(kept).subspan(have));
    if (!got) return got.error();
    kept.resize(have + *got);
    // The file is shorter than it was said to be: what is not there is no record.
    if (have + *got < want) end_ = offset_ + have + *got;
    window_ = std::move(kept);
    window_offset_ = offset_;
  }
  return std::string_view(window_).substr(offset_ - window_offset_);
}

Result<SegmentWalker::Step> SegmentWalker::Next(Record& record) {
  size_t needed = kRecordHeaderBytes;
  while (offset_ < end_) {
    auto window = Window(needed);
    if (!window) return window.error();
    switch (ParseRecord(*window, RecordCheck::kChecksum, record, needed)) {
      case RecordStatus::kOk:
        offset_ += record.bytes;
        return Step::kRecord;
      case RecordStatus::kBad:
        return Step::kDamage;
      case RecordStatus::kShort:
        if (offset_ + needed > end_) return Step::kDamage;
    }
  }
  return Step::kEnd;
}

Result<void> SegmentWalker::Resync() {
  Record record;
  while (++offset_ < end_) {
    auto window = Window(kRecordHeaderBytes);
    if (!window) return window.error();
    if (window->size() < kRecordHeaderBytes) break;
    // Nearly every wrong place is told by its type or length, before any checksum is taken.
    const auto type = static_cast<uint8_t>((*window)[kRecordHeaderBytes - 1]);
    if (type == 0 || type > kRecordTypeMax) continue;
    const uint64_t place = offset_;
    auto step = Next(record);
    if (!step) return step.error();
    offset_ = place;
    if (*step == Step::kRecord) return {};
  }
  offset_ = end_;
  return {};
}

Result<SegmentSummary> SummarizeSegment(File& file, const SegmentHeader& header, uint64_t from,
                                        uint64_t end) {
  SegmentWalker walker(file, from, end);
  SegmentSummary summary;
  summary.good_end = from;
  Record record;
  uint64_t damage_begin = from;
  bool damaged = false;
  for (;;) {
    auto step = walker.Next(record);
    if (!step) return step.error();
    if (*step == SegmentWalker::Step::kEnd) return summary;
    if (*step == SegmentWalker::Step::kDamage) {
      damaged = true;
      damage_begin = walker.offset();
      if (auto moved = walker.Resync(); !moved) return moved.error();
      continue;
    }
    if (damaged) {
      damaged = false;
      ++summary.damaged_places;
      summary.damaged_bytes += walker.offset() - record.bytes - damage_begin;
    }
    summary.good_end = walker.offset();
    if (record.type == RecordType::kScrape) SummarizeScrape(record, header, summary);
  }
}

}  // namespace limpet
