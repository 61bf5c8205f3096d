#include "agent/scrape/failed_page.h"

#include <string>
#include <unordered_set>
#include <vector>

#include "agent/scrape/page_reader.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

class SeriesKey {
 public:
  void Clear() { key_.clear(); }
  void Add(std::string_view name, std::string_view value) {
    key_ += name;
    key_ += '\xff';
    key_ += value;
    key_ += '\xff';
  }
  uint64_t hash() const { return TextHash::Instance()(key_); }

 private:
  std::string key_;
};

std::unordered_set<uint64_t> SeriesOf(const Layout& layout) {
  std::unordered_set<uint64_t> series;
  SeriesKey key;
  for (size_t i = 0; i < layout.page_series(); ++i) {
    key.Clear();
    layout.block()->ForEachLabel(
        i, [&](std::string_view name, std::string_view value) { key.Add(name, value); });
    series.insert(key.hash());
  }
  return series;
}

}  // namespace

PageCounts CountFailedPage(const LayoutScope& scope, const Page& page, uint64_t series_max,
                           const Layout* previous) {
  PageCounts counts;
  std::unordered_set<uint64_t> known;
  if (previous != nullptr && previous->complete_labels() != scope.shared) {
    known = SeriesOf(*previous);
  }
  std::unordered_set<uint64_t> seen;
  PageReader reader(page, scope.histograms);
  PageHistograms histograms;
  SeriesKey key;
  uint64_t appended = 0;
  bool over_buckets = false;
  while (counts.scraped < kSamplesPerPageMax) {
    const Result<bool> more = reader.Next();
    if (!more || !*more) break;
    ++counts.scraped;
    std::vector<Label> scraped;
    std::vector<Label> labels;
    const Result<void> decoded = reader.DecodeLabels(scraped);
    const Result<bool> kept = FinalLabels(scope, decoded, std::move(scraped), labels);
    if (!kept) break;
    if (!*kept) continue;
    key.Clear();
    for (const Label& label : labels) key.Add(label.name, label.value);
    const bool is_first = seen.insert(key.hash()).second;
    const bool own_timestamp = reader.tail().has_timestamp && scope.honor_timestamps;
    const bool is_duplicate = !is_first && !own_timestamp;
    if (reader.histogram() != nullptr && !is_duplicate) {
      histograms.Clear();
      const HistogramFault fault = histograms.Add(0, *reader.histogram(), scope.histograms);
      if (fault == HistogramFault::kInvalid) break;
      over_buckets = over_buckets || fault == HistogramFault::kBucketLimit;
    }
    ++counts.post_relabel;
    if (is_duplicate) continue;
    if (over_buckets) continue;
    ++appended;
    const bool within = series_max == 0 || appended <= series_max;
    if (within && is_first && !known.contains(key.hash())) ++counts.added;
  }
  return counts;
}

}  // namespace limpet
