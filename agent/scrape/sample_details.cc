#include "agent/scrape/sample_details.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "agent/scrape/exemplar.h"
#include "agent/scrape/text_hash.h"
#include "queue/wire.h"

namespace limpet {
namespace {

constexpr size_t kBytesKept = 1u << 20;

// Where a series' sample is among the view's values; none where it was left out.
std::optional<uint32_t> PlaceOf(const ScrapeView& view, uint32_t series) {
  if (view.series.empty()) return series;
  const auto it = std::lower_bound(view.series.begin(), view.series.end(), series);
  if (it == view.series.end() || *it != series) return std::nullopt;
  return static_cast<uint32_t>(it - view.series.begin());
}

uint64_t HashOf(const RawExemplar& exemplar) {
  return TextHash::Instance()(exemplar.labels) * 0x9e3779b97f4a7c15 ^
         std::bit_cast<uint64_t>(exemplar.value);
}

}  // namespace

void SampleDetails::AddTo(ScrapeView& view, const PageValues& page, PageFormat format,
                          ExemplarMemory& memory) {
  if (!page.histograms.entries().empty()) AddHistograms(view, page.histograms);
  if (!page.exemplars.empty()) AddExemplars(view, page.exemplars, format, memory);
}

void SampleDetails::AddHistograms(ScrapeView& view, const PageHistograms& page) {
  histograms_.clear();
  for (const PageHistograms::Entry& entry : page.entries()) {
    const auto place = PlaceOf(view, entry.series);
    if (place) histograms_.push_back({*place, page.Message(entry)});
  }
  // A page may have its series in another order than the layout.
  std::sort(histograms_.begin(), histograms_.end(),
            [](const HistogramSample& a, const HistogramSample& b) { return a.place < b.place; });
  view.histograms = histograms_;
}

void SampleDetails::AddExemplars(ScrapeView& view, const std::vector<PageExemplar>& page,
                                 PageFormat format, ExemplarMemory& memory) {
  seen_.clear();
  for (size_t i = 0; i < page.size(); ++i) {
    const RawExemplar& exemplar = page[i].exemplar;
    const auto place = PlaceOf(view, page[i].series);
    if (!place) continue;
    const int64_t sample_ms = view.timestamps.empty() ? view.timestamp_ms : view.timestamps[*place];
    seen_.push_back({page[i].series, exemplar.has_timestamp,
                     exemplar.has_timestamp ? exemplar.timestamp_ms : sample_ms, HashOf(exemplar),
                     i});
  }
  memory.Sift(seen_);
  exemplars_.clear();
  label_ranges_.clear();
  labels_.clear();
  if (labels_.capacity() > kBytesKept) labels_.shrink_to_fit();
  for (const ExemplarMemory::Seen& seen : seen_) {
    const RawExemplar& exemplar = page[seen.place].exemplar;
    const auto labels = ExemplarLabels(exemplar, format);
    if (!labels) continue;  // as in Prometheus it is left out, and its sample is not
    const size_t begin = labels_.size();
    for (const Label& label : *labels) AppendLabel(label.name, label.value, labels_);
    label_ranges_.emplace_back(begin, labels_.size() - begin);
    exemplars_.push_back({*PlaceOf(view, seen.series), {}, exemplar.value, seen.timestamp_ms});
  }
  for (size_t i = 0; i < exemplars_.size(); ++i) {
    const auto [begin, size] = label_ranges_[i];
    exemplars_[i].labels = std::string_view(labels_).substr(begin, size);
  }
  view.exemplars = exemplars_;
}

}  // namespace limpet
