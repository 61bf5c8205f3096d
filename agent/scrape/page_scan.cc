#include "agent/scrape/page_scan.h"

#include <algorithm>
#include <string>

#include "agent/scrape/line_match.h"
#include "agent/scrape/openmetrics_parser.h"
#include "agent/scrape/page_reader.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// How far ahead a line is looked for, so that those in between are gone.
constexpr size_t kAheadMax = 256;

void AddGap(const PageReader& reader, ScannedPage& scanned) {
  const auto line = static_cast<uint32_t>(scanned.lines.size());
  for (const MetadataLine& one : reader.metadata()) scanned.metadata.push_back({line, one});
  scanned.lines.push_back(reader.GapLine());
}

void AddExemplar(const RawExemplar& exemplar, ScannedPage& scanned) {
  if (scanned.exemplars.size() == kExemplarsPerPageMax) return;
  scanned.exemplars.emplace_back(static_cast<uint32_t>(scanned.tails.size()), exemplar);
}

class AlongScan {
 public:
  AlongScan(const Page& page, ScannedPage& scanned)
      : page_(page),
        scanned_(scanned),
        p_(page.text.data()),
        end_(p_ + page.text.size()),
        new_left_(8 + scanned.before.size() / 8),
        reader_(page, {}) {}

  bool Run() {
    while (p_ != end_) {
      if (!(StartsGap(*p_) ? TakeGap() : TakeSample())) return false;
    }
    SkipGone();
    return at_ == scanned_.before.size() && scanned_.tails.size() <= kSamplesPerPageMax;
  }

 private:
  bool BeforeHasSample(size_t at) const {
    return at < scanned_.before.size() && !scanned_.before[at].slot.is_gap();
  }
  // Samples up to the next gap.
  void SkipGone() {
    while (BeforeHasSample(at_)) ++at_;
  }

  bool TakeGap() {
    SkipGone();
    if (at_ == scanned_.before.size()) return false;
    const LayoutLine& line = scanned_.before[at_];
    const bool is_last = at_ + 1 == scanned_.before.size();
    if (!MatchGap(TextHash::Instance(), line, is_last, p_, end_)) return false;
    if (p_ != end_ && StartsGap(*p_)) return false;
    AddLine(line);
    return true;
  }

  bool TakeSample() {
    // The next line, or the one behind it in place of which another one has come.
    for (size_t at = at_; at < at_ + 2 && BeforeHasSample(at); ++at) {
      if (StartsWith(TextHash::Instance(), scanned_.before[at], p_, end_)) return TakeKnown(at);
    }
    return TakeParsed();
  }

  bool TakeKnown(size_t at) {
    const char* begin = p_;
    p_ += scanned_.before[at].length;
    SampleTail tail;
    if (page_.format == PageFormat::kOpenMetricsText) {
      RawExemplar exemplar;
      bool has_exemplar = false;
      if (ParseOpenMetricsTail(p_, end_, tail, exemplar, has_exemplar) != nullptr) return false;
      if (has_exemplar) AddExemplar(exemplar, scanned_);
    } else if (ParseSampleTail(p_, end_, tail) != TailError::kNone) {
      return false;
    }
    // A timestamp that is new here makes another line of it, which is not worth a way of its own.
    if (tail.has_timestamp != scanned_.before[at].slot.has_timestamp()) return false;
    scanned_.tails.push_back(tail);
    at_ = at;
    AddKnown(begin);
    return true;
  }

  bool TakeParsed() {
    const char* begin = p_;
    const MetricType type = TypeAtPlace();
    reader_.MoveTo(OffsetOf(begin), type);
    const Result<bool> more = reader_.Next();
    if (!more || !*more) return false;
    p_ = page_.text.data() + reader_.offset();
    for (const RawExemplar& exemplar : reader_.exemplars()) AddExemplar(exemplar, scanned_);
    scanned_.tails.push_back(reader_.tail());
    const LayoutLine line = reader_.Line();
    for (size_t at = at_; at < at_ + kAheadMax && BeforeHasSample(at); ++at) {
      if (!SameLines({&line, 1}, {&scanned_.before[at], 1})) continue;
      at_ = at;
      AddKnown(begin);
      return true;
    }
    if (new_left_-- == 0) return false;
    AddNew(line, begin);
    return true;
  }

  // As the lines around it have it, between which and it is no gap.
  MetricType TypeAtPlace() const {
    if (BeforeHasSample(at_)) return scanned_.before[at_].slot.type();
    if (at_ > 0 && BeforeHasSample(at_ - 1)) return scanned_.before[at_ - 1].slot.type();
    return MetricType::kUnknown;
  }

  // The sample at at_, which is then behind.
  void AddKnown(const char* begin) {
    LayoutLine line = scanned_.before[at_];
    // What a duplicate is one of may be gone.
    const bool is_duplicate = !line.slot.is_series() && !line.slot.is_dropped();
    line.slot = line.slot.AsDropped();
    if (is_duplicate) {
      AddNew(line, begin);
      ++at_;
    } else {
      AddLine(line);
    }
  }
  void AddLine(const LayoutLine& line) {
    scanned_.lines.push_back(line);
    scanned_.places.push_back(static_cast<uint32_t>(at_++));
  }
  void AddNew(const LayoutLine& line, const char* begin) {
    scanned_.new_lines.push_back({static_cast<uint32_t>(scanned_.lines.size()),
                                  static_cast<uint32_t>(at_), OffsetOf(begin), line.slot.type()});
    scanned_.lines.push_back(line);
    scanned_.places.push_back(ScannedPage::kNew);
  }
  size_t OffsetOf(const char* p) const { return static_cast<size_t>(p - page_.text.data()); }

  const Page& page_;
  ScannedPage& scanned_;
  const char* p_;
  const char* end_;
  size_t at_ = 0;  // in scanned_.before
  size_t new_left_;
  PageReader reader_;
};

}  // namespace

void ScannedPage::Clear() {
  lines.clear();
  tails.clear();
  exemplars.clear();
  metadata.clear();
  before.clear();
  places.clear();
  new_lines.clear();
}

Result<void> ScanPage(const Page& page, const HistogramSettings& settings, ScannedPage& scanned,
                      PageCounts& counts) {
  scanned.Clear();
  counts = {};
  PageReader reader(page, settings);
  const bool samples_later = HasSamplesLater(page, settings);
  for (;;) {
    Result<bool> more = reader.Next();
    if (!more) return more.error();
    if (reader.has_gap()) AddGap(reader, scanned);
    if (!*more) return {};
    if (counts.scraped == kSamplesPerPageMax) {
      return Error{"more than " + std::to_string(kSamplesPerPageMax) + " samples on the page"};
    }
    ++counts.scraped;
    scanned.lines.push_back(reader.Line());
    if (samples_later) continue;
    for (const RawExemplar& exemplar : reader.exemplars()) AddExemplar(exemplar, scanned);
    scanned.tails.push_back(reader.tail());
  }
}

bool ScanAlong(const Layout& layout, const Page& page, ScannedPage& scanned, PageCounts& counts) {
  if (page.format != layout.format() || HasSamplesLater(page, layout.histograms())) return false;
  scanned.Clear();
  for (const PlacedPiece& placed : layout.pieces()) {
    for (LayoutLine line : placed.piece->lines) {
      if (!line.slot.is_gap() && line.slot.is_series()) {
        line.slot = line.slot.AsSeries(placed.first_series + line.slot.series());
      }
      scanned.before.push_back(line);
    }
  }
  counts = {};
  if (!AlongScan(page, scanned).Run()) return false;
  counts.scraped = scanned.tails.size();
  return true;
}

}  // namespace limpet
