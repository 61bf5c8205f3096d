// A layout: a page's lines in order, each known by a hash of its text, and the series they stand
// for.
//
// Who calls it: the scraper, on the loop's thread; immutable once built.
// Operation: targets that expose the same lines share a layout. A steady scrape is compared with it
// line by line (a gap of comments, then a sample's text up to its value, each by length and hash)
// and only the numbers are read. Free comments may change without harm; another TYPE, HELP or UNIT
// is another layout, for the series carry what these say. Memory: 16 bytes a gap or sample, and the
// labels of each series once. Whatever Match takes gives the same values as parsing the page from
// scratch; it may refuse pages that would give the same series (blanks that moved, say), and never
// takes one that would not.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/scrape/page_format.h"
#include "agent/scrape/report_series.h"
#include "agent/scrape/text_sample.h"
#include "queue/series_block.h"

namespace limpet {

// What a line of a layout stands for.
class LineSlot {
 public:
  // Known by its text.
  static LineSlot Gap() { return LineSlot(kGap); }
  // One with free comments, which may change at any time: known by what its metadata lines say.
  static LineSlot CommentedGap() { return LineSlot(kCommentedGap); }
  static LineSlot Dropped(bool timestamp) { return LineSlot(kDropped | Flag(timestamp)); }
  static LineSlot Duplicate(bool timestamp) { return LineSlot(kDuplicate | Flag(timestamp)); }
  static LineSlot Series(uint32_t index, bool timestamp) {
    return LineSlot(index | Flag(timestamp));
  }

  bool is_gap() const { return (bits_ & kIndexMask) >= kGap; }
  bool is_commented() const { return (bits_ & kIndexMask) == kCommentedGap; }
  bool is_series() const { return (bits_ & kIndexMask) < kDropped; }
  bool has_timestamp() const { return (bits_ & kTimestamp) != 0; }
  uint32_t series() const { return bits_ & kIndexMask; }
  // Whether the lines look the same, whatever became of their series.
  bool SameKind(LineSlot other) const {
    if (is_gap() || other.is_gap()) return bits_ == other.bits_;
    return has_timestamp() == other.has_timestamp();
  }

 private:
  static constexpr uint32_t kTimestamp = 1u << 31;
  static constexpr uint32_t kIndexMask = kTimestamp - 1;
  static constexpr uint32_t kCommentedGap = kIndexMask;
  static constexpr uint32_t kGap = kCommentedGap - 1;
  static constexpr uint32_t kDuplicate = kGap - 1;
  static constexpr uint32_t kDropped = kDuplicate - 1;
  static uint32_t Flag(bool timestamp) { return timestamp ? kTimestamp : 0; }
  explicit LineSlot(uint32_t bits) : bits_(bits) {}
  uint32_t bits_;
};

struct LayoutLine {
  uint64_t hash;    // of the text; of a commented gap its metadata's digest
  uint32_t length;  // of the text; of a commented gap 0
  LineSlot slot;
};

// An exemplar of a page; it points into that.
struct PageExemplar {
  uint32_t series;
  RawExemplar exemplar;
};

// The numbers of a page by series, in buffers that are used again.
struct PageValues {
  static constexpr int64_t kNoTimestamp = INT64_MIN;
  std::vector<double> values;           // room for the report series at the end
  std::vector<int64_t> timestamps;      // the page's own ones; empty where the layout has none
  std::vector<PageExemplar> exemplars;  // in order of the page
};

struct PageCounts {
  uint64_t scraped = 0;       // samples on the page
  uint64_t post_relabel = 0;  // of them not dropped by relabelling
  uint64_t duplicate = 0;     // of those left out because the page has the series already
  uint64_t added = 0;         // of a page that failed: series that the page before did not have
};

class Layout {
 public:
  struct Parts {
    uint64_t scope_id = 0;
    PageFormat format = PageFormat::kPrometheusText;
    bool complete_labels = false;  // the series have the target's labels too
    std::vector<LayoutLine> lines;
    std::shared_ptr<const SeriesBlock> block;
    PageCounts counts;
    std::vector<bool> own_timestamp;  // by series; empty: none has one
    bool tracks_timestamps = false;   // those get staleness markers all the same
    // By series, the first one that is the same; empty: there are no two of one.
    std::vector<uint32_t> first_of_same;
    size_t report_series = kReportSeriesCount;
  };
  explicit Layout(Parts parts) : parts_(std::move(parts)) {}

  // Reads the numbers of a page with exactly these lines; false (and any values) where it has
  // others.
  bool Match(const Page& page, PageValues& out) const;

  uint64_t scope_id() const { return parts_.scope_id; }
  PageFormat format() const { return parts_.format; }
  bool complete_labels() const { return parts_.complete_labels; }
  const std::vector<LayoutLine>& lines() const { return parts_.lines; }
  const std::shared_ptr<const SeriesBlock>& block() const { return parts_.block; }
  // Without the report series.
  size_t page_series() const { return parts_.block->size() - parts_.report_series; }
  size_t report_series() const { return parts_.report_series; }
  const PageCounts& counts() const { return parts_.counts; }
  bool has_timestamps() const { return !parts_.own_timestamp.empty(); }
  bool HasOwnTimestamp(size_t series) const {
    return series < parts_.own_timestamp.size() && parts_.own_timestamp[series];
  }
  // Whether the series gets a staleness marker once it is gone.
  bool TracksStaleness(size_t series) const {
    return parts_.tracks_timestamps || !HasOwnTimestamp(series);
  }
  size_t FirstOfSame(size_t series) const {
    return series < parts_.first_of_same.size() ? parts_.first_of_same[series] : series;
  }
  // Sizes the buffers for this layout's series.
  void Prepare(PageValues& out) const;
  size_t bytes() const;

 private:
  bool MatchPrometheus(std::string_view page, PageValues& out) const;
  bool MatchOpenMetrics(std::string_view page, PageValues& out) const;
  Parts parts_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_H_
