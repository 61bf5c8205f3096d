// A layout: a page's lines in order, each known by a hash of its text, and the series they stand
// for.
//
// Who calls it: the scraper, on the loop's thread; immutable once built.
// Operation: targets that expose the same lines share a layout. A steady scrape is compared with it
// line by line (a gap of comments, then a sample's text up to its value, each by length and hash)
// and only the numbers are read. Free comments may change without harm; another TYPE, HELP or UNIT
// is another layout, for the series carry what these say. Whatever Match takes gives the same
// values as parsing the page from scratch; it may refuse pages that would give the same series
// (blanks that moved, say), and never takes one that would not. A layout is a list of pieces
// (layout_piece.h), which layouts share; so a page that differs from another one in a few series
// costs those. Memory: 2 bytes a series and 50 a piece, and the pieces and families that no other
// layout has. A page in protobuf has no text to compare: there a gap is what a family says but for
// its metrics, and a line is one part of a metric (its value, its sum, one of its buckets), known
// by a hash of its labels as they are encoded, and of its bound.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/platform/result.h"
#include "agent/scrape/layout_piece.h"
#include "agent/scrape/page_families.h"
#include "agent/scrape/page_format.h"
#include "agent/scrape/page_histograms.h"
#include "agent/scrape/protobuf_metric.h"
#include "agent/scrape/report_series.h"
#include "agent/scrape/text_sample.h"
#include "queue/series_block.h"

namespace limpet {

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
  PageHistograms histograms;
  ProtobufMetric metric;  // while such a page is read
  void AddExemplar(uint32_t series, const RawExemplar& exemplar) {
    if (exemplars.size() < kExemplarsPerPageMax) exemplars.push_back({series, exemplar});
  }
};

class Layout {
 public:
  struct Parts {
    uint64_t scope_id = 0;
    PageFormat format = PageFormat::kPrometheusText;
    bool complete_labels = false;  // the series have the target's labels too
    std::vector<PlacedPiece> pieces;
    std::shared_ptr<const SeriesBlock> block;
    std::shared_ptr<const PageFamilies> families;
    PageCounts counts;
    std::vector<bool> own_timestamp;  // by series; empty: none has one
    bool tracks_timestamps = false;   // those get staleness markers all the same
    // By series, the first one that is the same; empty: there are no two of one.
    std::vector<uint32_t> first_of_same;
    size_t report_series = kReportSeriesCount;
    HistogramSettings histograms;
  };
  explicit Layout(Parts parts) : parts_(std::move(parts)) {}

  // Reads the numbers of a page with exactly these lines; false (and any values) where it has
  // others.
  bool Match(const Page& page, PageValues& out) const;
  // The same for a page that is known to have these lines; an error where one of its native
  // histograms is not as it must be.
  Result<void> Read(const Page& page, PageValues& out) const;

  uint64_t scope_id() const { return parts_.scope_id; }
  PageFormat format() const { return parts_.format; }
  bool complete_labels() const { return parts_.complete_labels; }
  const std::vector<PlacedPiece>& pieces() const { return parts_.pieces; }
  const std::shared_ptr<const SeriesBlock>& block() const { return parts_.block; }
  const std::shared_ptr<const PageFamilies>& families() const { return parts_.families; }
  // Without the report series.
  size_t page_series() const { return parts_.block->size() - parts_.report_series; }
  size_t report_series() const { return parts_.report_series; }
  const PageCounts& counts() const { return parts_.counts; }
  const HistogramSettings& histograms() const { return parts_.histograms; }
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
  // Without its pieces.
  size_t bytes() const;

 private:
  bool MatchPrometheus(std::string_view page, PageValues& out) const;
  bool MatchPrometheus(const PlacedPiece& piece, const char*& p, const char* end,
                       PageValues& out) const;
  bool MatchOpenMetrics(std::string_view page, PageValues& out) const;
  bool MatchOpenMetrics(const PlacedPiece& piece, const char*& p, const char* end,
                        PageValues& out) const;
  bool MatchProtobuf(std::string_view page, PageValues& out) const;
  bool MatchConverted(const Page& page, PageValues& out) const;
  bool IsLast(const LayoutLine& line) const {
    return &line == &parts_.pieces.back().piece->lines.back();
  }
  Parts parts_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_H_
