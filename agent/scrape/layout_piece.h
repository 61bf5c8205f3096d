// A stretch of a page's lines with the series that they stand for: what layouts share where pages
// differ only in places.
//
// Who calls it: layouts and what builds them; the loop's thread. Immutable once built.
// Operation: a page is cut where its lines say so, not at every so many of them; so a line that
// comes or goes changes the piece that it is in and no other.
// Memory: 16 bytes a line, and the labels of each series once.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_PIECE_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_PIECE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "agent/scrape/page_format.h"
#include "queue/metric_metadata.h"
#include "queue/series_chunk.h"

namespace limpet {

// What a line of a layout stands for.
class LineSlot {
 public:
  // Known by its text.
  static LineSlot Gap() { return LineSlot(kGap); }
  // One with free comments, which may change at any time: known by what its metadata lines say.
  static LineSlot CommentedGap() { return LineSlot(kCommentedGap); }
  // A sample's line; without a series until it is given one. `type` is that of the last TYPE line.
  static LineSlot Sample(bool timestamp, MetricType type) {
    uint32_t bits = kDropped;
    if (timestamp) bits |= kTimestamp;
    if (type == MetricType::kHistogram) bits |= kHistogram;
    if (type == MetricType::kSummary) bits |= kSummary;
    return LineSlot(bits);
  }
  LineSlot AsDropped() const { return LineSlot((bits_ & ~kIndexMask) | kDropped); }
  LineSlot AsDuplicate() const { return LineSlot((bits_ & ~kIndexMask) | kDuplicate); }
  LineSlot AsSeries(uint32_t index) const { return LineSlot((bits_ & ~kIndexMask) | index); }

  bool is_gap() const { return (bits_ & kIndexMask) >= kGap; }
  bool is_commented() const { return (bits_ & kIndexMask) == kCommentedGap; }
  bool is_series() const { return (bits_ & kIndexMask) < kDropped; }
  bool is_dropped() const { return (bits_ & kIndexMask) == kDropped; }
  bool has_timestamp() const { return (bits_ & kTimestamp) != 0; }
  uint32_t series() const { return bits_ & kIndexMask; }
  // Of a sample's line what of its type decides how labels are spelled: kHistogram, kSummary or
  // anything else.
  MetricType type() const {
    if ((bits_ & kHistogram) != 0) return MetricType::kHistogram;
    return (bits_ & kSummary) != 0 ? MetricType::kSummary : MetricType::kUnknown;
  }
  // Whether lines with the same text mean the same, whatever became of their series.
  bool SameKind(LineSlot other) const {
    if (is_gap() || other.is_gap()) return bits_ == other.bits_;
    return (bits_ & ~kIndexMask) == (other.bits_ & ~kIndexMask);
  }

 private:
  static constexpr uint32_t kTimestamp = 1u << 31;
  static constexpr uint32_t kHistogram = 1u << 30;
  static constexpr uint32_t kSummary = 1u << 29;
  static constexpr uint32_t kIndexMask = kSummary - 1;
  static constexpr uint32_t kCommentedGap = kIndexMask;
  static constexpr uint32_t kGap = kCommentedGap - 1;
  static constexpr uint32_t kDuplicate = kGap - 1;
  static constexpr uint32_t kDropped = kDuplicate - 1;
  explicit LineSlot(uint32_t bits) : bits_(bits) {}
  uint32_t bits_;
};

struct LayoutLine {
  uint64_t hash;    // of the text; of a commented gap its metadata's digest
  uint32_t length;  // of the text; of a commented gap 0; in protobuf which part of a metric it is
  LineSlot slot;
};

struct PageCounts {
  uint64_t scraped = 0;       // samples on the page
  uint64_t post_relabel = 0;  // of them not dropped by relabelling
  uint64_t duplicate = 0;     // of those left out because the page has the series already
  uint64_t added = 0;         // of a page that failed: series that the page before did not have
  PageCounts& operator+=(const PageCounts& other) {
    scraped += other.scraped;
    post_relabel += other.post_relabel;
    duplicate += other.duplicate;
    added += other.added;
    return *this;
  }
};

// Which rules make the series of a page's lines.
struct PieceOrigin {
  uint64_t scope_id = 0;
  PageFormat format = PageFormat::kPrometheusText;
  friend bool operator==(const PieceOrigin&, const PieceOrigin&) = default;
};

struct LayoutPiece {
  PieceOrigin origin;
  std::vector<LayoutLine> lines;  // series are numbered within the piece
  std::shared_ptr<const SeriesChunk> series;
  PageCounts counts;
};

// A piece in its place in a layout.
struct PlacedPiece {
  std::shared_ptr<const LayoutPiece> piece;
  uint32_t first_series = 0;
};

// How many of the lines, which are not empty, make the first piece.
size_t FirstPieceOf(std::span<const LayoutLine> lines);
// Whether they are the same but for the series that they stand for.
inline bool SameLine(const LayoutLine& a, const LayoutLine& b) {
  return a.hash == b.hash && a.length == b.length && a.slot.SameKind(b.slot);
}
bool SameLines(std::span<const LayoutLine> a, std::span<const LayoutLine> b);
// Equal for the same lines.
uint64_t HashOfLines(uint64_t seed, std::span<const LayoutLine> lines);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_PIECE_H_
