#include "queue/log_samples.h"

#include <algorithm>
#include <map>
#include <utility>

#include "queue/log_inspect.h"
#include "queue/log_recovery.h"

namespace limpet {
namespace {

std::string_view HistogramAt(const ScrapeView& scrape, size_t place) {
  const auto found =
      std::ranges::lower_bound(scrape.histograms, place, {}, &HistogramSample::place);
  if (found == scrape.histograms.end() || found->place != place) return {};
  return found->message;
}

std::vector<ExemplarSample> ExemplarsAt(const ScrapeView& scrape, size_t place) {
  std::vector<ExemplarSample> found;
  for (const ExemplarSample& exemplar : scrape.exemplars) {
    if (exemplar.place == place) found.push_back(exemplar);
  }
  return found;
}

class SampleSelector : public SegmentVisitor {
 public:
  SampleSelector(const SampleSelection& selection, const SampleReceiver& receiver)
      : selection_(selection), receiver_(receiver) {}

  bool done() const { return done_; }
  void BeginSegment() { selected_.clear(); }

  bool OnRecord(const InspectedRecord& record) override {
    if (record.scrape == nullptr) return true;
    const ScrapeView& scrape = *record.scrape;
    const std::vector<bool>* selected = Selected(scrape);
    for (size_t i = 0; i < scrape.values.size() && !done_; ++i) {
      const int64_t timestamp_ms =
          scrape.timestamps.empty() ? scrape.timestamp_ms : scrape.timestamps[i];
      if (timestamp_ms < selection_.from_ms || timestamp_ms > selection_.to_ms) continue;
      const size_t series = scrape.series.empty() ? i : scrape.series[i];
      if (selected != nullptr && !(*selected)[series]) continue;
      done_ = !receiver_.sample({DeliveredLabels(scrape, series), timestamp_ms, scrape.values[i],
                                 HistogramAt(scrape, i), ExemplarsAt(scrape, i)});
    }
    return !done_;
  }

  void OnDamage(const LogDamage& damage) override { receiver_.damage(damage); }

 private:
  // Null where all are.
  const std::vector<bool>* Selected(const ScrapeView& scrape) {
    if (selection_.matchers.empty()) return nullptr;
    const auto [known, added] =
        selected_.try_emplace(std::pair(scrape.layout->id(), scrape.target->id));
    if (!added) return &known->second;
    for (size_t i = 0; i < scrape.layout->size(); ++i) {
      const Labels labels = DeliveredLabels(scrape, i);
      known->second.push_back(std::ranges::any_of(
          selection_.matchers,
          [&](const SeriesMatcher& matcher) { return matcher.Matches(labels); }));
    }
    return &known->second;
  }

  const SampleSelection& selection_;
  const SampleReceiver& receiver_;
  std::map<std::pair<uint64_t, uint64_t>, std::vector<bool>> selected_;  // by layout and target
  bool done_ = false;
};

}  // namespace

Result<void> SelectSamples(FileSystem& files, const std::string& directory,
                           const SampleSelection& selection, const std::function<void()>& wait,
                           const SampleReceiver& receiver) {
  SampleSelector selector(selection, receiver);
  return VisitSegments(files, directory, selection.segment, wait, selector,
                       [&](uint64_t /*number*/) {
                         selector.BeginSegment();
                         return !selector.done();
                       });
}

Labels DeliveredLabels(const ScrapeView& scrape, size_t series) {
  std::vector<Label> labels;
  // First: of two with the same name the later one wins, an empty one too.
  labels.assign(scrape.target->labels.begin(), scrape.target->labels.end());
  scrape.layout->ForEachLabel(series, [&](std::string_view name, std::string_view value) {
    labels.push_back({std::string(name), std::string(value)});
  });
  return Labels(std::move(labels));
}

}  // namespace limpet
