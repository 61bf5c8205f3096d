#include "agent/scrape/layout_builder.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "agent/scrape/error_excerpt.h"
#include "agent/scrape/series_collector.h"
#include "agent/scrape/text_hash.h"
#include "agent/scrape/text_parser.h"

namespace limpet {
namespace {

std::vector<Label> ReportLabels(const LayoutScope& scope, std::string_view name) {
  LabelsBuilder labels(scope.target_labels);
  labels.Set("__name__", name);
  return labels.labels();
}

// If the previous layout has the same series with the same metadata, refers to them there.
void ReuseBlock(const Layout& previous, Layout::Parts& parts) {
  const SeriesBlock& known = *previous.block();
  // Places of series that are there twice would have to move too.
  if (known.size() != parts.block->size() || !parts.first_of_same.empty()) return;
  const TextHash& hash = TextHash::Instance();
  std::unordered_map<uint64_t, uint32_t> places;
  for (uint32_t i = 0; i < known.size(); ++i) places.emplace(hash(known.Encoded(i)), i);
  std::vector<uint32_t> moved_to(known.size());
  for (size_t i = 0; i < moved_to.size(); ++i) {
    const auto place = places.extract(hash(parts.block->Encoded(i)));
    if (place.empty() || known.MetadataOf(place.mapped()) != parts.block->MetadataOf(i)) return;
    moved_to[i] = place.mapped();
  }
  for (LayoutLine& line : parts.lines) {
    if (!line.slot.is_gap() && line.slot.is_series()) {
      line.slot = LineSlot::Series(moved_to[line.slot.series()], line.slot.has_timestamp());
    }
  }
  if (!parts.own_timestamp.empty()) {
    std::vector<bool> moved(known.size());
    for (size_t i = 0; i < parts.own_timestamp.size(); ++i) {
      moved[moved_to[i]] = parts.own_timestamp[i];
    }
    parts.own_timestamp = std::move(moved);
  }
  parts.block = previous.block();
}

void NoteSame(uint32_t first, uint32_t series, Layout::Parts& parts) {
  if (first == series) return;
  for (uint32_t i = static_cast<uint32_t>(parts.first_of_same.size()); i <= series; ++i) {
    parts.first_of_same.push_back(i);
  }
  parts.first_of_same[series] = first;
}

void AddGap(std::string_view text, const GapReading& gap, std::vector<MetadataLine>& metadata,
            ScannedPage& scanned) {
  const auto line = static_cast<uint32_t>(scanned.lines.size());
  for (const MetadataLine& one : metadata) scanned.metadata.push_back({line, one});
  metadata.clear();
  if (gap.has_comments) {
    GapReading again;
    again.wants_digest = true;
    const char* p = text.data();
    SkipGap(p, p + text.size(), again);
    scanned.lines.push_back({again.digest, 0, LineSlot::CommentedGap()});
  } else {
    scanned.lines.push_back(
        {TextHash::Instance()(text), static_cast<uint32_t>(text.size()), LineSlot::Gap()});
  }
}

}  // namespace

Result<void> ScanPage(const Page& page, ScannedPage& scanned, PageCounts& counts) {
  const TextHash& hash = TextHash::Instance();
  scanned.lines.clear();
  scanned.tails.clear();
  scanned.exemplars.clear();
  scanned.metadata.clear();
  counts = {};
  std::vector<MetadataLine> metadata;
  TextParser parser(page);
  parser.CollectMetadata(metadata);
  TextSample sample;
  for (;;) {
    Result<bool> more = parser.Next(sample);
    if (!more) return more.error();
    if (!sample.gap.empty()) AddGap(sample.gap, parser.gap(), metadata, scanned);
    if (!*more) return {};
    if (counts.scraped == kSamplesPerPageMax) {
      return Error{"more than " + std::to_string(kSamplesPerPageMax) + " samples on the page"};
    }
    ++counts.scraped;
    scanned.lines.push_back({hash(sample.series), static_cast<uint32_t>(sample.series.size()),
                             LineSlot::Dropped(sample.tail.has_timestamp)});
    if (sample.has_exemplar) {
      scanned.exemplars.emplace_back(static_cast<uint32_t>(scanned.tails.size()), sample.exemplar);
    }
    scanned.tails.push_back(sample.tail);
  }
}

bool SameLines(const std::vector<LayoutLine>& scanned, const Layout& layout) {
  const std::vector<LayoutLine>& lines = layout.lines();
  if (scanned.size() != lines.size()) return false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (scanned[i].hash != lines[i].hash || scanned[i].length != lines[i].length ||
        !scanned[i].slot.SameKind(lines[i].slot)) {
      return false;
    }
  }
  return true;
}

Result<std::shared_ptr<const Layout>> BuildLayout(const LayoutScope& scope, const Page& page,
                                                  const ScannedPage& scanned, uint64_t series_max,
                                                  const Layout* previous, MetadataTables& tables,
                                                  PageCounts& counts) {
  Layout::Parts parts;
  parts.scope_id = scope.id;
  parts.format = page.format;
  parts.complete_labels = !scope.shared;
  parts.tracks_timestamps = scope.track_timestamps_staleness;
  parts.report_series = scope.report_series();
  parts.lines = scanned.lines;
  parts.lines.shrink_to_fit();
  SeriesCollector series(series_max);
  for (size_t i = 0; i < parts.report_series; ++i) {
    series.Reserve(ReportLabels(scope, kReportSeries[i].name));
  }
  PageMetadata metadata(scanned.metadata, page.format, parts.report_series, tables);
  counts = {};
  TextParser parser(page);
  TextSample sample;
  std::vector<Label> scraped;
  std::vector<Label> labels;
  for (LayoutLine& line : parts.lines) {
    if (line.slot.is_gap()) {
      metadata.MoveTo(static_cast<uint32_t>(&line - parts.lines.data()));
      continue;
    }
    Result<bool> more = parser.Next(sample);
    if (!more || !*more) return Error{"page changed while it was read"};
    ++counts.scraped;
    const bool timestamp = sample.tail.has_timestamp;
    Result<bool> kept = false;
    if (auto decoded = DecodeLabels(sample, scraped); !decoded) {
      kept = decoded.error();
    } else {
      kept = FinalLabels(scope, std::move(scraped), labels);
    }
    if (!kept) return Error{kept.error().message + " in " + QuotedExcerpt(sample.series)};
    if (!*kept) continue;  // the slot says "dropped" already
    ++counts.post_relabel;
    const bool own_timestamp = timestamp && scope.honor_timestamps;
    if (own_timestamp) {
      const uint32_t first = series.AddAgain(labels, metadata);
      NoteSame(first, series.size() - 1, parts);
      parts.own_timestamp.resize(series.size());
      parts.own_timestamp.back() = true;
    } else if (!series.AddNew(labels, metadata)) {
      ++counts.duplicate;
      line.slot = LineSlot::Duplicate(timestamp);
      continue;
    }
    line.slot = LineSlot::Series(series.size() - 1, timestamp);
  }
  if (series.over_limit()) return Error{"sample limit exceeded"};
  if (series.too_large()) return Error{"labels of the page exceed 256 MiB"};
  for (size_t i = 0; i < parts.report_series; ++i) {
    series.Append(ReportLabels(scope, kReportSeries[i].name), metadata.ReportPlaceOf(i));
  }
  parts.counts = counts;
  parts.block = series.Build(metadata.table());
  if (previous != nullptr && previous->scope_id() == scope.id) ReuseBlock(*previous, parts);
  return std::make_shared<const Layout>(std::move(parts));
}

void PlaceValues(const Layout& layout, const ScannedPage& scanned, PageValues& out) {
  layout.Prepare(out);
  size_t sample = 0;
  auto exemplar = scanned.exemplars.begin();
  for (const LayoutLine& line : layout.lines()) {
    if (line.slot.is_gap()) continue;
    const SampleTail& tail = scanned.tails[sample];
    const bool has_exemplar = exemplar != scanned.exemplars.end() && exemplar->first == sample;
    ++sample;
    if (line.slot.is_series()) {
      const uint32_t series = line.slot.series();
      out.values[series] = tail.value;
      if (layout.HasOwnTimestamp(series)) out.timestamps[series] = tail.timestamp_ms;
      if (has_exemplar) out.exemplars.push_back({series, exemplar->second});
    }
    if (has_exemplar) ++exemplar;
  }
}

}  // namespace limpet
