#include "queue/log_inspect_segment.h"

#include <cerrno>
#include <charconv>

#include "queue/log_pool.h"
#include "queue/log_recovery.h"
#include "queue/segment_decoder.h"
#include "queue/segment_scan.h"

namespace limpet {
namespace {

// How often a writer is given time in a segment.
constexpr int kWaitsMax = 5;

class SegmentInspection {
 public:
  SegmentInspection(File& file, std::string path, const SegmentInspectOptions& options,
                    SegmentVisitor& visitor)
      : file_(file), path_(std::move(path)), options_(options), visitor_(visitor) {}

  uint64_t Run() {
    auto size = file_.Size();
    if (!size) {
      Report(DamageKind::kUnreadable, 0, 0, size.error().message);
      return 0;
    }
    end_ = *size;
    const std::optional<SegmentHeader> header = ReadHeader();
    if (!header) return end_;
    visitor_.OnHeader(*header);
    WalkRecords(header->created_ms);
    ReportGap();
    return end_;
  }

 private:
  std::optional<SegmentHeader> ReadHeader() {
    std::string bytes(kSegmentHeaderBytes, '\0');
    while (end_ < kSegmentHeaderBytes && AwaitWriter()) {
    }
    auto got = file_.ReadAt(0, bytes);
    if (!got) {
      Report(DamageKind::kUnreadable, 0, end_, got.error().message);
      return std::nullopt;
    }
    // One that was made and not yet written to; limpet removes it when it starts.
    if (*got == 0) return std::nullopt;
    auto header = ParseSegmentHeader(std::string_view(bytes).substr(0, *got));
    if (header && header->number != options_.number) {
      Report(DamageKind::kBadHeader, 0, end_,
             "the header is that of segment " + std::to_string(header->number));
      return std::nullopt;
    }
    if (!header) {
      Report(DamageKind::kBadHeader, 0, end_,
             *got < kSegmentHeaderBytes ? "the file ends inside its header"
                                        : "the header does not check out");
    }
    return header;
  }

  // Lets a writer go on. False: it had time enough.
  bool AwaitWriter() {
    if (!options_.newest || !options_.wait || waits_++ >= kWaitsMax) return false;
    options_.wait();
    const auto size = file_.Size();
    if (!size) return false;
    end_ = *size;
    return true;
  }

  void WalkRecords(int64_t created_ms) {
    LogPool pool;
    SegmentDecoder decoder(created_ms, pool);
    uint64_t from = kSegmentHeaderBytes;
    for (;;) {
      SegmentWalker walker(file_, from, end_);
      const std::optional<uint64_t> torn_at = Walk(walker, decoder);
      if (!torn_at) return;
      if (AwaitWriter()) {
        from = *torn_at;
        continue;
      }
      damaged_ = true;
      Report(options_.newest ? DamageKind::kTornTail : DamageKind::kBadRecord, *torn_at,
             end_ - *torn_at,
             options_.newest ? "does not check out up to the file's end" : "does not check out");
      return;
    }
  }

  // Where the end is torn, if it is.
  std::optional<uint64_t> Walk(SegmentWalker& walker, SegmentDecoder& decoder) {
    InspectedRecord found;
    for (;;) {
      const uint64_t begin = walker.offset();
      auto step = walker.Next(found.record);
      if (!step) return Unreadable(begin, step.error());
      if (*step == SegmentWalker::Step::kEnd) return std::nullopt;
      if (*step == SegmentWalker::Step::kRecord) {
        found.offset = begin;
        if (!Visit(found, decoder)) return std::nullopt;
        continue;
      }
      if (auto moved = walker.Resync(); !moved) return Unreadable(begin, moved.error());
      if (walker.offset() >= end_) return begin;
      damaged_ = true;
      Report(DamageKind::kBadRecord, begin, walker.offset() - begin, "does not check out");
    }
  }

  std::optional<uint64_t> Unreadable(uint64_t offset, const Error& error) {
    Report(DamageKind::kUnreadable, offset, end_ - offset, error.message);
    return std::nullopt;
  }

  bool Visit(InspectedRecord& found, SegmentDecoder& decoder) {
    using Outcome = SegmentDecoder::Outcome;
    const Outcome outcome = decoder.Decode(found.record);
    const ScannedScrape& scanned = decoder.scanned();
    // The writer counts on; what does not show up was in records that are damaged.
    const uint64_t before = scanned.samples_before.value_or(samples_);
    found.missing_samples = before > samples_ ? before - samples_ : 0;
    found.scrape = outcome == Outcome::kScrape ? &decoder.view() : nullptr;
    found.undecodable = outcome == Outcome::kUndecodable;
    found.lost_samples = found.undecodable ? scanned.samples : 0;
    samples_ += found.missing_samples +
                (found.scrape != nullptr ? found.scrape->values.size() : found.lost_samples);
    if (found.undecodable) NoteUndecodable(found);
    return visitor_.OnRecord(found);
  }

  void NoteUndecodable(const InspectedRecord& found) {
    if (gap_records_++ == 0) gap_.offset = found.offset;
    gap_.bytes += found.record.bytes;
    gap_.samples += found.lost_samples;
  }

  void ReportGap() {
    if (gap_records_ == 0) return;
    gap_.kind = damaged_ ? DamageKind::kStreamGap : DamageKind::kBadContent;
    gap_.file = path_;
    gap_.detail = std::to_string(gap_records_) +
                  (damaged_ ? " records depend on what is damaged; the first is here"
                            : " records check out and cannot be decoded; the first is here");
    visitor_.OnDamage(gap_);
  }

  void Report(DamageKind kind, uint64_t offset, uint64_t bytes, std::string detail) {
    visitor_.OnDamage({kind, path_, offset, bytes, 0, std::move(detail)});
  }

  File& file_;
  const std::string path_;
  const SegmentInspectOptions& options_;
  SegmentVisitor& visitor_;
  uint64_t end_ = 0;
  int waits_ = 0;
  uint64_t samples_ = 0;  // so far, those of damaged records included where that is known
  bool damaged_ = false;
  LogDamage gap_;
  uint64_t gap_records_ = 0;
};

}  // namespace

std::string_view DamageKindName(DamageKind kind) {
  switch (kind) {
    case DamageKind::kBadHeader:
      return "bad_header";
    case DamageKind::kTornTail:
      return "torn_tail";
    case DamageKind::kBadRecord:
      return "bad_record";
    case DamageKind::kBadContent:
      return "bad_content";
    case DamageKind::kStreamGap:
      return "stream_gap";
    case DamageKind::kUnreadable:
      return "unreadable";
    case DamageKind::kBadCursor:
      return "bad_cursor";
    case DamageKind::kCursorInside:
      return "cursor_inside_record";
  }
  return "unknown";
}

std::optional<uint64_t> InspectSegment(FileSystem& files, const std::string& path,
                                       const SegmentInspectOptions& options,
                                       SegmentVisitor& visitor) {
  auto file = files.Open(path, OpenMode::kRead);
  if (!file && file.error().code == ENOENT) return std::nullopt;
  if (!file) {
    visitor.OnDamage({DamageKind::kUnreadable, path, 0, 0, 0, file.error().message});
    return 0;
  }
  return SegmentInspection(**file, path, options, visitor).Run();
}

std::optional<uint64_t> SegmentNumberOf(std::string_view file_name) {
  uint64_t number = 0;
  const char* end = file_name.data() + file_name.size();
  const auto [stop, error] = std::from_chars(file_name.data(), end, number, 16);
  if (error != std::errc() || stop == end || number == 0) return std::nullopt;
  // The one place that knows the digits and the suffix.
  const std::string path = SegmentPath("", number);
  if (path.substr(path.rfind('/') + 1) != file_name) return std::nullopt;
  return number;
}

}  // namespace limpet
