#include "agent/scrape/metadata_places.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/scrape/page_metadata.h"

namespace limpet {
namespace {

// How many lines on either side of a new one are looked at.
constexpr size_t kNearby = 32;

std::string_view NameIn(std::string_view encoded) {
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(encoded, name, value)) {
    if (name == "__name__") return value;
  }
  return {};
}

// Calls function(line, encoded series) for each series' line of the page, in order, and
// gap(line) for each gap; both may end it with false.
template <typename Gap, typename Series>
bool ForEachLine(const Layout::Parts& parts, Gap&& gap, Series&& series) {
  uint32_t line_of_page = 0;
  for (const PlacedPiece& placed : parts.pieces) {
    for (const LayoutLine& line : placed.piece->lines) {
      if (line.slot.is_gap()) {
        gap(line_of_page);
      } else if (line.slot.is_series() &&
                 !series(line_of_page, *placed.piece->series, line.slot.series())) {
        return false;
      }
      ++line_of_page;
    }
  }
  return true;
}

// Of a line with this name between the gaps around `at`.
std::optional<uint16_t> PlaceNear(const std::vector<LayoutLine>& before, uint32_t at,
                                  std::string_view name, const SeriesBlock& block) {
  const auto fits = [&](const LayoutLine& line) {
    return line.slot.is_series() && NameIn(block.Encoded(line.slot.series())) == name;
  };
  for (size_t i = at; i < before.size() && i < at + kNearby && !before[i].slot.is_gap(); ++i) {
    if (fits(before[i])) return block.metadata()[before[i].slot.series()];
  }
  for (size_t i = at; i > 0 && i + kNearby > at && !before[i - 1].slot.is_gap(); --i) {
    if (fits(before[i - 1])) return block.metadata()[before[i - 1].slot.series()];
  }
  return std::nullopt;
}

// False where that of some series is not known.
bool PlacesAsBefore(const ScannedPage& scanned, const SeriesBlock& block,
                    const Layout::Parts& parts, std::vector<uint16_t>& places) {
  auto next_new = scanned.new_lines.begin();
  const auto place_of = [&](uint32_t line, const SeriesChunk& chunk, uint32_t series) {
    const uint32_t place = scanned.places[line];
    if (place != ScannedPage::kNew) {
      const LineSlot slot = scanned.before[place].slot;
      if (slot.is_series()) places.push_back(block.metadata()[slot.series()]);
      return slot.is_series();
    }
    while (next_new->line != line) ++next_new;
    const auto near = PlaceNear(scanned.before, next_new->at, NameIn(chunk.Encoded(series)), block);
    if (near) places.push_back(*near);
    return near.has_value();
  };
  if (!ForEachLine(
          parts, [](uint32_t) {}, place_of))
    return false;
  places.insert(places.end(), block.metadata().end() - static_cast<ptrdiff_t>(parts.report_series),
                block.metadata().end());
  return true;
}

std::shared_ptr<const PageFamilies> Shared(PageFamilies families, WeakPool<PageFamilies>& pool) {
  const uint64_t hash = families.content_hash();
  auto known =
      pool.Find(hash, [&](const PageFamilies& other) { return other.SameContent(families); });
  if (known != nullptr) return known;
  known = std::make_shared<const PageFamilies>(std::move(families));
  pool.Add(hash, known);
  return known;
}

}  // namespace

MetadataPlaces FindMetadata(const Page& page, const ScannedPage& scanned, const Layout* along,
                            const Layout::Parts& parts, MetadataTables& tables,
                            WeakPool<PageFamilies>& families) {
  MetadataPlaces found;
  if (along != nullptr && along->block()->metadata_table() != nullptr) {
    found.table = along->block()->metadata_table();
    found.families = along->families();
    if (PlacesAsBefore(scanned, *along->block(), parts, found.places)) return found;
    found.places.clear();
  }
  ScannedPage again;
  PageCounts counts;
  const bool says_something =
      std::any_of(scanned.lines.begin(), scanned.lines.end(),
                  [](const LayoutLine& line) { return line.slot.is_gap(); });
  if (along != nullptr && says_something) (void)ScanPage(page, parts.histograms, again, counts);
  PageMetadata metadata(along == nullptr ? scanned.metadata : again.metadata, page.format,
                        parts.report_series, tables);
  ForEachLine(
      parts, [&](uint32_t line) { metadata.MoveTo(line); },
      [&](uint32_t, const SeriesChunk& chunk, uint32_t series) {
        found.places.push_back(metadata.PlaceOf(NameIn(chunk.Encoded(series))));
        return true;
      });
  for (size_t i = 0; i < parts.report_series; ++i) {
    found.places.push_back(metadata.ReportPlaceOf(i));
  }
  found.table = metadata.table();
  found.families = Shared(metadata.Families(), families);
  return found;
}

}  // namespace limpet
