#include "agent/scrape/layout_builder.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "agent/scrape/error_excerpt.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

constexpr size_t kLabelBytesMax = 256u << 20;

// The series of a layout as they are found.
class SeriesCollector {
 public:
  explicit SeriesCollector(uint64_t series_max) : series_max_(series_max) {}

  // False where the series is in it already.
  bool AddNew(const std::vector<Label>& labels) {
    if (!seen_.insert(HashOf(labels)).second) return false;
    Add(labels);
    return true;
  }
  // A further one, whether or not it is there already; it counts as seen.
  void AddAgain(const std::vector<Label>& labels) {
    seen_.insert(HashOf(labels));
    Add(labels);
  }
  // Keeps the series for later: a sample of the page cannot take it.
  void Reserve(const std::vector<Label>& labels) { seen_.insert(HashOf(labels)); }
  void Append(const std::vector<Label>& labels) {
    builder_.BeginSeries();
    for (const Label& label : labels) builder_.AddLabel(label.name, label.value);
  }

  uint32_t size() const { return size_; }
  bool over_limit() const { return series_max_ != 0 && size_ > series_max_; }
  bool too_large() const { return bytes_ > kLabelBytesMax; }
  std::shared_ptr<const SeriesBlock> Build() { return builder_.Build(); }

 private:
  void Add(const std::vector<Label>& labels) {
    ++size_;
    for (const Label& label : labels) bytes_ += label.name.size() + label.value.size() + 16;
    // Above a limit the scrape fails, but the rest is still counted.
    if (!over_limit() && !too_large()) Append(labels);
  }

  uint64_t HashOf(const std::vector<Label>& labels) {
    key_.clear();
    for (const Label& label : labels) {
      key_ += label.name;
      key_ += '\xff';  // no byte of UTF-8, which names and values are
      key_ += label.value;
      key_ += '\xff';
    }
    return TextHash::Instance()(key_);
  }

  uint64_t series_max_;
  uint32_t size_ = 0;
  size_t bytes_ = 0;
  std::string key_;
  std::unordered_set<uint64_t> seen_;
  SeriesBlock::Builder builder_;
};

std::vector<Label> ReportLabels(const LayoutScope& scope, std::string_view name) {
  LabelsBuilder labels(scope.target_labels);
  labels.Set("__name__", name);
  return labels.labels();
}

// If the previous layout has the same series, refers to them there.
void ReuseBlock(const Layout& previous, Layout::Parts& parts) {
  const SeriesBlock& known = *previous.block();
  if (known.size() != parts.block->size()) return;
  const TextHash& hash = TextHash::Instance();
  std::unordered_map<uint64_t, uint32_t> places;
  for (uint32_t i = 0; i < known.size(); ++i) places.emplace(hash(known.Encoded(i)), i);
  std::vector<uint32_t> moved_to(known.size());
  for (size_t i = 0; i < moved_to.size(); ++i) {
    const auto place = places.extract(hash(parts.block->Encoded(i)));
    if (place.empty()) return;
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

}  // namespace

Result<void> ScanPage(std::string_view page, ScannedPage& scanned, PageCounts& counts) {
  const TextHash& hash = TextHash::Instance();
  scanned.lines.clear();
  scanned.tails.clear();
  counts = {};
  TextParser parser(page);
  TextSample sample;
  for (;;) {
    Result<bool> more = parser.Next(sample);
    if (!more) return more.error();
    if (!sample.gap.empty()) {
      scanned.lines.push_back(
          {hash(sample.gap), static_cast<uint32_t>(sample.gap.size()), LineSlot::Gap(sample.type)});
    }
    if (!*more) return {};
    if (counts.scraped == kSamplesPerPageMax) {
      return Error{"more than " + std::to_string(kSamplesPerPageMax) + " samples on the page"};
    }
    ++counts.scraped;
    scanned.lines.push_back({hash(sample.series), static_cast<uint32_t>(sample.series.size()),
                             LineSlot::Dropped(sample.tail.has_timestamp)});
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

Result<std::shared_ptr<const Layout>> BuildLayout(const LayoutScope& scope, std::string_view page,
                                                  const ScannedPage& scanned, uint64_t series_max,
                                                  const Layout* previous, PageCounts& counts) {
  Layout::Parts parts;
  parts.scope_id = scope.id;
  parts.complete_labels = !scope.shared;
  parts.lines = scanned.lines;
  parts.lines.shrink_to_fit();
  SeriesCollector series(series_max);
  for (const std::string_view name : kReportSeriesNames) {
    series.Reserve(ReportLabels(scope, name));
  }
  counts = {};
  TextParser parser(page);
  TextSample sample;
  std::vector<Label> scraped;
  std::vector<Label> labels;
  for (LayoutLine& line : parts.lines) {
    if (line.slot.is_gap()) continue;
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
      series.AddAgain(labels);
      parts.own_timestamp.resize(series.size());
      parts.own_timestamp.back() = true;
    } else if (!series.AddNew(labels)) {
      ++counts.duplicate;
      line.slot = LineSlot::Duplicate(timestamp);
      continue;
    }
    line.slot = LineSlot::Series(series.size() - 1, timestamp);
  }
  if (series.over_limit()) return Error{"sample limit exceeded"};
  if (series.too_large()) return Error{"labels of the page exceed 256 MiB"};
  for (const std::string_view name : kReportSeriesNames) series.Append(ReportLabels(scope, name));
  parts.counts = counts;
  parts.block = series.Build();
  if (previous != nullptr && previous->scope_id() == scope.id) ReuseBlock(*previous, parts);
  return std::make_shared<const Layout>(std::move(parts));
}

void PlaceValues(const Layout& layout, const ScannedPage& scanned, PageValues& out) {
  layout.Prepare(out);
  size_t sample = 0;
  for (const LayoutLine& line : layout.lines()) {
    if (line.slot.is_gap()) continue;
    const SampleTail& tail = scanned.tails[sample++];
    if (!line.slot.is_series()) continue;
    out.values[line.slot.series()] = tail.value;
    if (layout.HasOwnTimestamp(line.slot.series())) {
      out.timestamps[line.slot.series()] = tail.timestamp_ms;
    }
  }
}

}  // namespace limpet
