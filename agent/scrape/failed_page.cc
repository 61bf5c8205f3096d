#include "agent/scrape/failed_page.h"

#include <string>
#include <unordered_set>
#include <vector>

#include "agent/scrape/layout_builder.h"
#include "agent/scrape/text_hash.h"
#include "agent/scrape/text_parser.h"

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
  TextParser parser(page);
  TextSample sample;
  SeriesKey key;
  uint64_t appended = 0;
  while (counts.scraped < kSamplesPerPageMax) {
    const Result<bool> more = parser.Next(sample);
    if (!more || !*more) break;
    ++counts.scraped;
    std::vector<Label> scraped;
    std::vector<Label> labels;
    if (!DecodeLabels(sample, scraped)) break;
    const Result<bool> kept = FinalLabels(scope, std::move(scraped), labels);
    if (!kept) break;
    if (!*kept) continue;
    ++counts.post_relabel;
    key.Clear();
    for (const Label& label : labels) key.Add(label.name, label.value);
    const bool is_first = seen.insert(key.hash()).second;
    const bool own_timestamp = sample.tail.has_timestamp && scope.honor_timestamps;
    if (!is_first && !own_timestamp) continue;
    ++appended;
    const bool within = series_max == 0 || appended <= series_max;
    if (within && is_first && !known.contains(key.hash())) ++counts.added;
  }
  return counts;
}

}  // namespace limpet
