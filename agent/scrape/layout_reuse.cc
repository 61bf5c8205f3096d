#include "agent/scrape/layout_reuse.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "agent/scrape/series_numbers.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// Where a piece is the same, something came or went elsewhere, and nothing has moved. The last
// chunk, the report series, says nothing.
bool SharesChunks(const SeriesBlock& a, const SeriesBlock& b) {
  std::vector<const SeriesChunk*> known;
  for (const auto& chunk : a.chunks()) known.push_back(chunk.get());
  known.pop_back();
  std::sort(known.begin(), known.end());
  return std::any_of(b.chunks().begin(), b.chunks().end(), [&](const auto& chunk) {
    return std::binary_search(known.begin(), known.end(), chunk.get());
  });
}

// For each series of `block`, which has none twice, its place in `known`, which has as many; empty
// where they are not the same series.
std::vector<uint32_t> PlacesIn(const SeriesBlock& known, const SeriesBlock& block) {
  const TextHash& hash = TextHash::Instance();
  SeriesNumbers places(known.size());
  for (uint32_t i = 0; i < known.size(); ++i) places.Add(hash(known.Encoded(i)), i);
  std::vector<uint32_t> moved_to(known.size());
  for (size_t i = 0; i < moved_to.size(); ++i) {
    const uint32_t* place = places.Find(hash(block.Encoded(i)));
    if (place == nullptr || known.MetadataOf(*place) != block.MetadataOf(i)) return {};
    moved_to[i] = *place;
  }
  return moved_to;
}

std::shared_ptr<const LayoutPiece> Moved(const Layout::Parts& parts,
                                         const std::vector<uint32_t>& moved_to) {
  auto moved = std::make_shared<LayoutPiece>();
  for (const PlacedPiece& placed : parts.pieces) {
    for (LayoutLine line : placed.piece->lines) {
      if (!line.slot.is_gap() && line.slot.is_series()) {
        line.slot = line.slot.AsSeries(moved_to[placed.first_series + line.slot.series()]);
      }
      moved->lines.push_back(line);
    }
  }
  moved->lines.shrink_to_fit();
  moved->counts = parts.counts;
  return moved;
}

}  // namespace

void ReuseBlock(const Layout& previous, Layout::Parts& parts) {
  const SeriesBlock& known = *previous.block();
  // Places of series that are there twice would have to move too.
  if (known.size() != parts.block->size() || !parts.first_of_same.empty()) return;
  if (known.size() == parts.report_series || SharesChunks(known, *parts.block)) {
    // Of one and the same chunks only what stands between the samples may differ.
    if (known.SameSeries(*parts.block)) parts.block = previous.block();
    return;
  }
  const std::vector<uint32_t> moved_to = PlacesIn(known, *parts.block);
  if (moved_to.empty()) return;
  parts.pieces = {{Moved(parts, moved_to), 0}};
  if (!parts.own_timestamp.empty()) {
    std::vector<bool> moved(known.size());
    for (size_t i = 0; i < parts.own_timestamp.size(); ++i) {
      moved[moved_to[i]] = parts.own_timestamp[i];
    }
    parts.own_timestamp = std::move(moved);
  }
  parts.block = previous.block();
}

}  // namespace limpet
