// The series of one target over time: which it has now, and what a scrape writes because of that.
//
// Who calls it: the target, on the loop's thread.
// Operation: every scrape is one record. A page that has other lines than the last one brings
// another record ahead of it with staleness markers for the series that are gone (same time). A
// failed scrape is one record on the last layout: markers for all its series, and the report
// series; after it the target has just the report series until a page is read again. A target that
// vanishes leaves markers for all. Source: Prometheus' scrape loop. Series whose samples carry
// timestamps of their own get no markers, unless they are tracked. It differs in one thing: markers
// of a vanished target are written at once, not one interval later. Prometheus waits because
// another target may have taken over the series by then; here a successor with the same labels
// takes over the state itself (TakeOver), so nothing is gained by waiting, and dashboards follow a
// deletion at once.
#ifndef LIMPET_AGENT_SCRAPE_TARGET_SERIES_H_
#define LIMPET_AGENT_SCRAPE_TARGET_SERIES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/scrape/exemplar_memory.h"
#include "agent/scrape/layout.h"
#include "agent/scrape/layout_registry.h"
#include "agent/scrape/memory_gate.h"
#include "agent/scrape/sample_details.h"
#include "agent/scrape/sample_labels.h"
#include "queue/scrape_view.h"

namespace limpet {

// What the targets of a manager use in turn while a scrape is handled; nothing in it outlives that.
struct SeriesWriter {
  std::function<void(const ScrapeView&)> append;
  LayoutRegistry layouts;
  MemoryGate memory;
  PageValues page;
  SampleDetails details;
  uint64_t samples_total = 0;
  uint64_t samples_duplicate_total = 0;
  uint64_t samples_out_of_bounds_total = 0;
  uint64_t samples_out_of_order_total = 0;
  int64_t last_marker_ms = 0;  // of a vanished target; whoever comes later is stamped later
  std::vector<uint32_t> series;
  std::vector<double> values;
  std::vector<int64_t> timestamps;
};

// What is known of a scrape besides its page.
struct ScrapeFacts {
  int64_t timestamp_ms = 0;
  int64_t now_ms = 0;  // explicit timestamps more than 10 min ahead of it are refused
  double duration_seconds = 0;
  int64_t page_bytes = 0;  // not compressed; -1: over the limit
  double timeout_seconds = 0;
  uint64_t sample_limit = 0;
};

class TargetSeries {
 public:
  TargetSeries(std::shared_ptr<const LayoutScope> scope, const Labels& labels);

  const Labels& labels() const { return labels_target_->labels; }
  // The page's layout; its numbers are then in writer.page. `counts` is also good on an error.
  Result<std::shared_ptr<const Layout>> ReadPage(SeriesWriter& writer, const Page& page,
                                                 uint64_t series_max, PageCounts& counts);
  // What ReadPage gave, as the record of a scrape. The page must still be there.
  void AppendPage(SeriesWriter& writer, const std::shared_ptr<const Layout>& layout,
                  const ScrapeFacts& facts);
  void AppendFailure(SeriesWriter& writer, const PageCounts& counts, const ScrapeFacts& facts);
  void AppendVanished(SeriesWriter& writer, int64_t now_ms);

  // Goes on where a vanished target with the same labels was: what it had and this one has not
  // becomes stale at this one's first scrape.
  void TakeOver(TargetSeries& predecessor);
  // Another process goes on with these series: none of them is this one's to mark any more. What is
  // known of the page stays.
  void HandOver() { live_ = nullptr; }
  // Behind a failure: gives back what is remembered of the last page where memory is so scarce; the
  // next one is then as the first. Not where samples have timestamps of their own, the newest of
  // which must be known.
  void ForgetPageIfScarce(SeriesWriter& writer);
  // Other rules from the next scrape on.
  void ChangeScope(std::shared_ptr<const LayoutScope> scope);

  // The series that are not stale, with the report series; 0 before the first scrape.
  bool has_page() const { return page_layout_ != nullptr; }
  // Of the last page that was read; null before that.
  const PageFamilies* families() const {
    return page_layout_ == nullptr ? nullptr : page_layout_->families().get();
  }
  uint64_t active() const { return live_ == nullptr ? 0 : live_->block()->size(); }
  int64_t last_timestamp_ms() const { return last_timestamp_ms_; }

 private:
  const std::shared_ptr<const LogTarget>& TargetOf(const Layout& layout);
  // Of the page's series of `before`, those that `after` has not, ascending.
  std::vector<uint32_t> Missing(const Layout& before, const Layout& after);
  void AppendStaleSeries(SeriesWriter& writer, const Layout& now,
                         const std::vector<int64_t>& newest_ms, int64_t timestamp_ms);
  void Append(SeriesWriter& writer, const ScrapeView& view);
  // Leaves out samples whose timestamps are too new, or not newer than the last one of the series.
  void CheckTimestamps(SeriesWriter& writer, const Layout& layout, const ScrapeFacts& facts,
                       ScrapeView& view);
  void SetPageLayout(const std::shared_ptr<const Layout>& layout);
  void MoveExemplars(const Layout& layout);

  std::shared_ptr<const LayoutScope> scope_;        // the job's, or this target's own version of it
  std::shared_ptr<const LogTarget> labels_target_;  // has the target's labels, shared scopes use it
  std::shared_ptr<const LogTarget> bare_target_;    // has none, for layouts with complete labels
  std::shared_ptr<const Layout> page_layout_;       // of the last page that was read
  size_t page_bytes_ = 0;                           // of the page that it was made or found for
  std::shared_ptr<const Layout> live_;              // of the last record: what is not stale
  // The newest timestamp of each series of page_layout_, where samples have timestamps of their own
  // or had ones that lie ahead of the scrapes; else empty.
  std::vector<int64_t> newest_ms_;
  ExemplarMemory exemplars_;  // by series of page_layout_
  int64_t last_timestamp_ms_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TARGET_SERIES_H_
