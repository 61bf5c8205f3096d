#include "agent/scrape/layout_builder.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "agent/scrape/layout_reuse.h"
#include "agent/scrape/metadata_places.h"
#include "agent/scrape/page_reader.h"
#include "agent/scrape/series_collector.h"
#include "agent/scrape/series_numbers.h"
#include "agent/scrape/text_hash.h"
#include "queue/wire.h"

namespace limpet {
namespace {

void NoteSame(uint32_t first, uint32_t series, Layout::Parts& parts) {
  if (first == series) return;
  for (uint32_t i = static_cast<uint32_t>(parts.first_of_same.size()); i <= series; ++i) {
    parts.first_of_same.push_back(i);
  }
  parts.first_of_same[series] = first;
}

}  // namespace

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
  // `along` is the block of the layout that the page was scanned along, or null.
  Assembly(const LayoutScope& scope, const Page& page, const ScannedPage& scanned,
           uint64_t series_max, const SeriesBlock* along, const SeriesChunk& report,
           LayoutPieces& pieces)
      : scope_(scope),
        page_(page),
        scanned_(scanned),
        series_max_(series_max),
        along_(along),
        report_(report),
        pieces_(pieces) {}

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
        for (; unread > 0 && along_ == nullptr; --unread) (void)reader.Next();
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
    SeriesCollector series(series_max_, lines.size() + report_.size());
    for (size_t i = 0; i < report_.size(); ++i) series.Reserve(report_.Encoded(i));
    auto line_of_page = static_cast<size_t>(lines.data() - scanned_.lines.data());
    for (LayoutLine& line : piece->lines) {
      const size_t at = line_of_page++;
      if (line.slot.is_gap()) continue;
      ++piece->counts.scraped;
      const Result<bool> kept = SeriesOf(at, reader);
      if (!kept) return kept.error();
      if (!*kept) continue;  // the slot says "dropped" already
      ++piece->counts.post_relabel;
      if (whole && line.slot.has_timestamp() && scope_.honor_timestamps) {
        const uint32_t first = series.AddAgain(encoded_);
        NoteSame(first, series.size() - 1, *parts_);
        parts_->own_timestamp.resize(series.size());
        parts_->own_timestamp.back() = true;
      } else if (!series.AddNew(encoded_)) {
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

  // Puts the series of a line of the page into encoded_; false where it is dropped.
  Result<bool> SeriesOf(size_t line, PageReader& reader) {
    if (along_ != nullptr) {
      const uint32_t place = scanned_.places[line];
      if (place != ScannedPage::kNew) {
        // The same text under the same TYPE, and the same rules.
        const LineSlot slot = scanned_.before[place].slot;
        if (slot.is_series()) encoded_ = along_->Encoded(slot.series());
        return slot.is_series();
      }
      const auto found =
          std::ranges::lower_bound(scanned_.new_lines, line, {}, &ScannedPage::NewLine::line);
      reader.MoveTo(found->offset, found->type);
    }
    const Result<bool> more = reader.Next();
    if (!more || !*more) return Error{"page changed while it was read"};
    const Result<bool> kept = ReadSeries(reader);
    if (!kept) return Error{kept.error().message + " in " + reader.Excerpt()};
    return *kept;
  }

  Result<bool> ReadSeries(const PageReader& reader) {
    const Result<void> decoded = reader.DecodeLabels(scraped_);
    if (NeedOwnScope(scope_, scraped_)) {
      needs_own_scope_ = true;
      return Error{"a label of the target's"};
    }
    const Result<bool> kept = FinalLabels(scope_, decoded, std::move(scraped_), labels_);
    if (!kept || !*kept) return kept;
    read_.clear();
    for (const Label& label : labels_) AppendLabel(label.name, label.value, read_);
    encoded_ = read_;
    return true;
  }

  // Within a piece each series is there once.
  bool SeriesComeTwice() const {
    if (parts_->pieces.size() < 2) return false;
    SeriesNumbers seen(series_);
    for (const PlacedPiece& placed : parts_->pieces) {
      const SeriesChunk& chunk = *placed.piece->series;
      for (size_t i = 0; i < chunk.size(); ++i) {
        if (!seen.Add(TextHash::Instance()(chunk.Encoded(i)), 0).second) return true;
      }
    }
    return false;
  }

  const LayoutScope& scope_;
  const Page& page_;
  const ScannedPage& scanned_;
  const uint64_t series_max_;
  const SeriesBlock* const along_;
  const SeriesChunk& report_;
  LayoutPieces& pieces_;
  Layout::Parts* parts_ = nullptr;
  uint32_t series_ = 0;
  bool needs_own_scope_ = false;
  std::vector<Label> scraped_;
  std::vector<Label> labels_;
  std::string read_;
  std::string_view encoded_;  // read_, or of the layout that the page was scanned along
};

std::vector<Label> ReportLabels(const LayoutScope& scope, std::string_view name) {
  LabelsBuilder labels(scope.target_labels);
  labels.Set("__name__", name);
  return labels.labels();
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
  const Layout* along = scanned.along() ? previous : nullptr;
  const auto report =
      along != nullptr ? along->block()->chunks().back() : ReportChunk(scope, sharing.pieces);
  Assembly assembly(scope, page, scanned, series_max,
                    along == nullptr ? nullptr : along->block().get(), *report, sharing.pieces);
  if (auto run = assembly.Run(parts); !run) {
    if (assembly.needs_own_scope()) return std::shared_ptr<const Layout>();
    return run.error();
  }
  parts.pieces.shrink_to_fit();

  SeriesBlock::Chunks chunks;
  for (const PlacedPiece& placed : parts.pieces) {
    counts += placed.piece->counts;
    chunks.push_back(placed.piece->series);
  }
  chunks.push_back(report);
  parts.counts = counts;
  MetadataPlaces metadata =
      FindMetadata(page, scanned, along, parts, sharing.metadata, sharing.families);
  auto block = SeriesBlock::FromChunks(std::move(chunks), std::move(metadata.places),
                                       std::move(metadata.table));
  if (!block) return block.error();
  parts.block = std::move(*block);
  parts.families = std::move(metadata.families);
  if (previous != nullptr && previous->scope_id() == scope.id) ReuseBlock(*previous, parts);
  return std::make_shared<const Layout>(std::move(parts));
}

Result<void> PlaceValues(const Layout& layout, const Page& page, const ScannedPage& scanned,
                         PageValues& out) {
  if (HasSamplesLater(page, layout.histograms())) return layout.Read(page, out);
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
