#include "agent/scrape/layout_builder.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "agent/scrape/layout_reuse.h"
#include "agent/scrape/page_reader.h"
#include "agent/scrape/series_collector.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

std::vector<Label> ReportLabels(const LayoutScope& scope, std::string_view name) {
  LabelsBuilder labels(scope.target_labels);
  labels.Set("__name__", name);
  return labels.labels();
}

void NoteSame(uint32_t first, uint32_t series, Layout::Parts& parts) {
  if (first == series) return;
  for (uint32_t i = static_cast<uint32_t>(parts.first_of_same.size()); i <= series; ++i) {
    parts.first_of_same.push_back(i);
  }
  parts.first_of_same[series] = first;
}

// Where there may be native histograms, samples are read once the layout is known.
bool IsReadAgain(const Page& page, const HistogramSettings& settings) {
  return page.format == PageFormat::kProtobuf || settings.convert;
}

void AddGap(const PageReader& reader, ScannedPage& scanned) {
  const auto line = static_cast<uint32_t>(scanned.lines.size());
  for (const MetadataLine& one : reader.metadata()) scanned.metadata.push_back({line, one});
  scanned.lines.push_back(reader.GapLine());
}

}  // namespace

Result<void> ScanPage(const LayoutScope& scope, const Page& page, ScannedPage& scanned,
                      PageCounts& counts) {
  scanned.lines.clear();
  scanned.tails.clear();
  scanned.exemplars.clear();
  scanned.metadata.clear();
  counts = {};
  PageReader reader(page, scope.histograms);
  const bool read_again = IsReadAgain(page, scope.histograms);
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
    if (read_again) continue;
    for (const RawExemplar& exemplar : reader.exemplars()) {
      if (scanned.exemplars.size() == kExemplarsPerPageMax) break;
      scanned.exemplars.emplace_back(static_cast<uint32_t>(scanned.tails.size()), exemplar);
    }
    scanned.tails.push_back(reader.tail());
  }
}

bool SameLines(const std::vector<LayoutLine>& scanned, const Layout& layout) {
  std::span<const LayoutLine> rest = scanned;
  for (const PlacedPiece& placed : layout.pieces()) {
    const std::vector<LayoutLine>& lines = placed.piece->lines;
    if (rest.size() < lines.size() || !SameLines(rest.first(lines.size()), lines)) return false;
    rest = rest.subspan(lines.size());
  }
  return rest.empty();
}

namespace {

constexpr size_t kLabelBytesMax = 256u << 20;

class Assembly {
 public:
  Assembly(const LayoutScope& scope, const Page& page, const ScannedPage& scanned,
           uint64_t series_max, LayoutPieces& pieces)
      : scope_(scope), page_(page), scanned_(scanned), series_max_(series_max), pieces_(pieces) {}

  Result<void> Run(Layout::Parts& parts) {
    parts_ = &parts;
    // Samples with times of their own may be of one series, wherever they are on the page.
    const auto& lines = scanned_.lines;
    const bool own_timestamps = scope_.honor_timestamps &&
                                std::any_of(lines.begin(), lines.end(), [](const LayoutLine& line) {
                                  return !line.slot.is_gap() && line.slot.has_timestamp();
                                });
    if (own_timestamps) return InOnePiece();
    if (auto cut = InPieces(); !cut) return cut;
    return SeriesComeTwice() ? InOnePiece() : Result<void>();
  }

  // Why Run failed.
  bool needs_own_scope() const { return needs_own_scope_; }

 private:
  // Most pieces are known already; only what is behind them is read again.
  Result<void> InPieces() {
    const PieceOrigin origin{scope_.id, page_.format};
    PageReader reader(page_, scope_.histograms);
    uint64_t unread = 0;
    size_t label_bytes = 0;
    for (std::span<const LayoutLine> rest = scanned_.lines; !rest.empty();) {
      const std::span<const LayoutLine> lines = rest.first(FirstPieceOf(rest));
      rest = rest.subspan(lines.size());
      auto piece = pieces_.Find(origin, lines);
      if (piece == nullptr) {
        for (; unread > 0; --unread) (void)reader.Next();
        auto built = Build(reader, lines, false);
        if (!built) return built.error();
        piece = std::move(*built);
        pieces_.Add(piece);
      } else {
        unread += piece->counts.scraped;
      }
      label_bytes += piece->series->encoded().size();
      if (auto placed = Place(std::move(piece), label_bytes); !placed) return placed;
    }
    return {};
  }

  Result<void> InOnePiece() {
    parts_->pieces.clear();
    series_ = 0;
    PageReader reader(page_, scope_.histograms);
    auto piece = Build(reader, scanned_.lines, true);
    if (!piece) return piece.error();
    return Place(std::move(*piece), 0);
  }

  Result<void> Place(std::shared_ptr<const LayoutPiece> piece, size_t label_bytes) {
    const size_t series = piece->series->size();
    parts_->pieces.push_back({std::move(piece), series_});
    series_ += static_cast<uint32_t>(series);
    if (series_max_ != 0 && series_ > series_max_) return Error{"sample limit exceeded"};
    if (label_bytes > kLabelBytesMax) return Error{"labels of the page exceed 256 MiB"};
    return {};
  }

  Result<std::shared_ptr<const LayoutPiece>> Build(PageReader& reader,
                                                   std::span<const LayoutLine> lines, bool whole) {
    auto piece = std::make_shared<LayoutPiece>();
    piece->origin = {scope_.id, page_.format};
    piece->lines.assign(lines.begin(), lines.end());
    SeriesCollector series(series_max_);
    for (size_t i = 0; i < parts_->report_series; ++i) {
      series.Reserve(ReportLabels(scope_, kReportSeries[i].name));
    }
    for (LayoutLine& line : piece->lines) {
      if (line.slot.is_gap()) continue;
      const Result<bool> more = reader.Next();
      if (!more || !*more) return Error{"page changed while it was read"};
      ++piece->counts.scraped;
      const Result<bool> kept = LabelsOf(reader);
      if (!kept) return Error{kept.error().message + " in " + reader.Excerpt()};
      if (!*kept) continue;  // the slot says "dropped" already
      ++piece->counts.post_relabel;
      if (whole && line.slot.has_timestamp() && scope_.honor_timestamps) {
        const uint32_t first = series.AddAgain(labels_);
        NoteSame(first, series.size() - 1, *parts_);
        parts_->own_timestamp.resize(series.size());
        parts_->own_timestamp.back() = true;
      } else if (!series.AddNew(labels_)) {
        ++piece->counts.duplicate;
        line.slot = line.slot.AsDuplicate();
        continue;
      }
      line.slot = line.slot.AsSeries(series.size() - 1);
    }
    if (series.over_limit()) return Error{"sample limit exceeded"};
    if (series.too_large()) return Error{"labels of the page exceed 256 MiB"};
    piece->series = pieces_.Intern(series.Build());
    return std::shared_ptr<const LayoutPiece>(std::move(piece));
  }

  Result<bool> LabelsOf(const PageReader& reader) {
    const Result<void> decoded = reader.DecodeLabels(scraped_);
    if (NeedOwnScope(scope_, scraped_)) {
      needs_own_scope_ = true;
      return Error{"a label of the target's"};
    }
    return FinalLabels(scope_, decoded, std::move(scraped_), labels_);
  }

  // Within a piece each series is there once.
  bool SeriesComeTwice() const {
    if (parts_->pieces.size() < 2) return false;
    size_t slots = 64;
    while (slots < 2 * size_t{series_}) slots *= 2;
    std::vector<uint64_t> seen(slots);  // open addressing; 0: free
    for (const PlacedPiece& placed : parts_->pieces) {
      const SeriesChunk& chunk = *placed.piece->series;
      for (size_t i = 0; i < chunk.size(); ++i) {
        const uint64_t hash = TextHash::Instance()(chunk.Encoded(i)) | 1;
        size_t slot = (hash >> 16) & (slots - 1);
        for (; seen[slot] != 0; slot = (slot + 1) & (slots - 1)) {
          if (seen[slot] == hash) return true;
        }
        seen[slot] = hash;
      }
    }
    return false;
  }

  const LayoutScope& scope_;
  const Page& page_;
  const ScannedPage& scanned_;
  const uint64_t series_max_;
  LayoutPieces& pieces_;
  Layout::Parts* parts_ = nullptr;
  uint32_t series_ = 0;
  bool needs_own_scope_ = false;
  std::vector<Label> scraped_;
  std::vector<Label> labels_;
};

std::string_view NameIn(std::string_view encoded) {
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(encoded, name, value)) {
    if (name == "__name__") return value;
  }
  return {};
}

std::vector<uint16_t> MetadataPlaces(const Layout::Parts& parts, PageMetadata& metadata) {
  std::vector<uint16_t> places;
  uint32_t line_of_page = 0;
  for (const PlacedPiece& placed : parts.pieces) {
    for (const LayoutLine& line : placed.piece->lines) {
      if (line.slot.is_gap()) {
        metadata.MoveTo(line_of_page);
      } else if (line.slot.is_series()) {
        places.push_back(
            metadata.PlaceOf(NameIn(placed.piece->series->Encoded(line.slot.series()))));
      }
      ++line_of_page;
    }
  }
  for (size_t i = 0; i < parts.report_series; ++i) places.push_back(metadata.ReportPlaceOf(i));
  return places;
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

std::shared_ptr<const SeriesChunk> ReportChunk(const LayoutScope& scope, LayoutPieces& pieces) {
  SeriesChunk::Builder builder;
  for (size_t i = 0; i < scope.report_series(); ++i) {
    builder.BeginSeries();
    for (const Label& label : ReportLabels(scope, kReportSeries[i].name)) {
      builder.AddLabel(label.name, label.value);
    }
  }
  return pieces.Intern(builder.Build());
}

}  // namespace

Result<std::shared_ptr<const Layout>> BuildLayout(const LayoutScope& scope, const Page& page,
                                                  const ScannedPage& scanned, uint64_t series_max,
                                                  const Layout* previous, LayoutSharing& sharing,
                                                  PageCounts& counts) {
  Layout::Parts parts;
  parts.scope_id = scope.id;
  parts.format = page.format;
  parts.complete_labels = !scope.shared;
  parts.tracks_timestamps = scope.track_timestamps_staleness;
  parts.report_series = scope.report_series();
  parts.histograms = scope.histograms;
  counts = {};
  Assembly assembly(scope, page, scanned, series_max, sharing.pieces);
  if (auto run = assembly.Run(parts); !run) {
    if (assembly.needs_own_scope()) return std::shared_ptr<const Layout>();
    return run.error();
  }
  parts.pieces.shrink_to_fit();

  PageMetadata metadata(scanned.metadata, page.format, parts.report_series, sharing.metadata);
  SeriesBlock::Chunks chunks;
  for (const PlacedPiece& placed : parts.pieces) {
    counts += placed.piece->counts;
    chunks.push_back(placed.piece->series);
  }
  chunks.push_back(ReportChunk(scope, sharing.pieces));
  parts.counts = counts;
  auto block =
      SeriesBlock::FromChunks(std::move(chunks), MetadataPlaces(parts, metadata), metadata.table());
  if (!block) return block.error();
  parts.block = std::move(*block);
  parts.families = Shared(metadata.Families(), sharing.families);
  if (previous != nullptr && previous->scope_id() == scope.id) ReuseBlock(*previous, parts);
  return std::make_shared<const Layout>(std::move(parts));
}

Result<void> PlaceValues(const Layout& layout, const Page& page, const ScannedPage& scanned,
                         PageValues& out) {
  if (IsReadAgain(page, layout.histograms())) return layout.Read(page, out);
  layout.Prepare(out);
  size_t sample = 0;
  auto exemplar = scanned.exemplars.begin();
  for (const PlacedPiece& placed : layout.pieces()) {
    for (const LayoutLine& line : placed.piece->lines) {
      if (line.slot.is_gap()) continue;
      const SampleTail& tail = scanned.tails[sample];
      const bool has_exemplar = exemplar != scanned.exemplars.end() && exemplar->first == sample;
      ++sample;
      if (line.slot.is_series()) {
        const uint32_t series = placed.first_series + line.slot.series();
        out.values[series] = tail.value;
        if (layout.HasOwnTimestamp(series)) out.timestamps[series] = tail.timestamp_ms;
        if (has_exemplar) out.AddExemplar(series, exemplar->second);
      }
      if (has_exemplar) ++exemplar;
    }
  }
  return {};
}

}  // namespace limpet
