#include "agent/scrape/target_series.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "agent/scrape/failed_page.h"
#include "agent/scrape/layout_difference.h"

namespace limpet {
namespace {

constexpr int64_t kFutureMsMax = 10 * 60 * 1000;

void SetReport(const Layout& layout, std::vector<double>& values, bool up, const PageCounts& counts,
               size_t added, const ScrapeFacts& facts) {
  const std::span report = std::span(values).subspan(layout.page_series());
  const auto set = [&](ReportSeries series, double value) {
    const auto i = static_cast<size_t>(series);
    if (i < report.size()) report[i] = value;
  };
  set(ReportSeries::kUp, up ? 1 : 0);
  set(ReportSeries::kDurationSeconds, facts.duration_seconds);
  set(ReportSeries::kSamplesScraped, static_cast<double>(counts.scraped));
  set(ReportSeries::kSamplesPostMetricRelabeling, static_cast<double>(counts.post_relabel));
  set(ReportSeries::kSeriesAdded, static_cast<double>(added));
  set(ReportSeries::kTimeoutSeconds, facts.timeout_seconds);
  set(ReportSeries::kSampleLimit, static_cast<double>(facts.sample_limit));
  set(ReportSeries::kBodySizeBytes, static_cast<double>(facts.page_bytes));
}

}  // namespace

TargetSeries::TargetSeries(std::shared_ptr<const LayoutScope> scope, const Labels& labels)
    : scope_(std::move(scope)), labels_target_(NewLogTarget(labels)) {}

const std::shared_ptr<const LogTarget>& TargetSeries::TargetOf(const Layout& layout) {
  if (!layout.complete_labels()) return labels_target_;
  if (bare_target_ == nullptr) bare_target_ = NewLogTarget(Labels(), labels_target_->key);
  return bare_target_;
}

Result<std::shared_ptr<const Layout>> TargetSeries::ReadPage(SeriesWriter& writer, const Page& page,
                                                             uint64_t series_max,
                                                             PageCounts& counts) {
  if (page.text.empty()) {
    counts = {};
    const auto layout = writer.layouts.Empty(*scope_);
    layout->Prepare(writer.page);
    return layout;
  }
  const bool same_rules = page_layout_ != nullptr && page_layout_->scope_id() == scope_->id;
  if (same_rules && page_layout_->Match(page, writer.page)) {
    counts = page_layout_->counts();
    // The limit may have been lowered since the layout was built.
    if (series_max != 0 && page_layout_->page_series() > series_max) {
      return Error{"sample limit exceeded"};
    }
    return page_layout_;
  }
  // The page is not even counted where it is refused: that takes memory, too.
  const size_t known_bytes = page_layout_ == nullptr ? 0 : page_bytes_;
  if (auto admitted = writer.memory.AdmitPage(page.text.size(), known_bytes); !admitted) {
    counts = {};
    return admitted.error();
  }
  auto layout =
      writer.layouts.Resolve(*scope_, page, series_max, page_layout_.get(), writer.page, counts);
  if (layout && *layout == nullptr) {
    scope_ = OwnScope(*scope_, labels());
    layout =
        writer.layouts.Resolve(*scope_, page, series_max, page_layout_.get(), writer.page, counts);
  }
  if (!layout) counts = CountFailedPage(*scope_, page, series_max, page_layout_.get());
  return layout;
}

std::vector<uint32_t> TargetSeries::Missing(const Layout& before, const Layout& after) {
  return MissingSeries(before, *TargetOf(before), after, *TargetOf(after));
}

void TargetSeries::AppendPage(SeriesWriter& writer, const std::shared_ptr<const Layout>& layout,
                              const ScrapeFacts& facts) {
  size_t added = 0;
  if (page_layout_ == nullptr) {
    added = layout->page_series();
  } else if (page_layout_ != layout) {
    added = Missing(*layout, *page_layout_).size();
  }
  // As in Prometheus, what an answer without a byte does not have is stale and still known.
  const std::vector<int64_t> newest_before_ms =
      live_ != nullptr && live_ != layout && live_ == page_layout_ ? newest_ms_
                                                                   : std::vector<int64_t>();
  if (facts.page_bytes != 0) {
    if (page_layout_ != layout) page_bytes_ = static_cast<size_t>(facts.page_bytes);
    SetPageLayout(layout);
  }
  SetReport(*layout, writer.page.values, true, layout->counts(), added, facts);
  // Before the page: then the log goes on with the target's last stream and opens the next behind
  // it.
  if (live_ != layout) AppendStaleSeries(writer, *layout, newest_before_ms, facts.timestamp_ms);

  ScrapeView view;
  view.layout = layout->block();
  view.target = TargetOf(*layout);
  view.timestamp_ms = facts.timestamp_ms;
  view.values = writer.page.values;
  if (layout == page_layout_ && !newest_ms_.empty()) {
    CheckTimestamps(writer, *layout, facts, view);
  }
  writer.details.AddTo(view, writer.page, layout->format(), exemplars_);
  Append(writer, view);
  writer.samples_duplicate_total += layout->counts().duplicate;
  live_ = layout;
}

void TargetSeries::SetPageLayout(const std::shared_ptr<const Layout>& layout) {
  if (page_layout_ == layout) return;
  if (!exemplars_.empty() && page_layout_->block() != layout->block()) MoveExemplars(*layout);
  const bool ahead = std::any_of(newest_ms_.begin(), newest_ms_.end(),
                                 [&](int64_t ms) { return ms > last_timestamp_ms_; });
  if (!layout->has_timestamps() && !ahead) {
    newest_ms_ = {};
  } else if (page_layout_ == nullptr) {
    newest_ms_.assign(layout->page_series(), PageValues::kNoTimestamp);
  } else {
    newest_ms_.resize(page_layout_->page_series(), PageValues::kNoTimestamp);
    for (size_t i = 0; i < newest_ms_.size(); ++i) {
      if (page_layout_->HasOwnTimestamp(i)) continue;
      newest_ms_[i] = std::max(newest_ms_[i], last_timestamp_ms_);
    }
    if (page_layout_->block() != layout->block()) {
      newest_ms_ = MovedToLayout(*page_layout_, *TargetOf(*page_layout_), newest_ms_, *layout,
                                 *TargetOf(*layout));
    }
  }
  page_layout_ = layout;
}

void TargetSeries::MoveExemplars(const Layout& layout) {
  std::vector<int64_t> places(page_layout_->page_series());
  std::iota(places.begin(), places.end(), 0);
  const std::vector<int64_t> before =
      MovedToLayout(*page_layout_, *TargetOf(*page_layout_), places, layout, *TargetOf(layout));
  std::vector<int64_t> moved(places.size(), ExemplarMemory::kGone);
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] >= 0) moved[static_cast<size_t>(before[i])] = static_cast<int64_t>(i);
  }
  exemplars_.Move(moved);
}

void TargetSeries::CheckTimestamps(SeriesWriter& writer, const Layout& layout,
                                   const ScrapeFacts& facts, ScrapeView& view) {
  std::vector<int64_t>& own = writer.page.timestamps;
  own.resize(writer.page.values.size());
  const int64_t latest = facts.now_ms + kFutureMsMax;
  writer.series.clear();
  size_t kept = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    if (!layout.HasOwnTimestamp(i)) {
      own[i] = facts.timestamp_ms;
    } else if (own[i] > latest) {
      ++writer.samples_out_of_bounds_total;
      continue;
    }
    if (i < newest_ms_.size() && own[i] <= newest_ms_[layout.FirstOfSame(i)]) {
      ++writer.samples_out_of_order_total;
      continue;
    }
    writer.series.push_back(static_cast<uint32_t>(i));
    own[kept] = own[i];
    writer.page.values[kept++] = writer.page.values[i];
  }
  // Only now: of the samples of one page none makes another too old.
  for (size_t i = 0; i < kept; ++i) {
    if (writer.series[i] >= newest_ms_.size()) continue;  // a report series
    int64_t& newest = newest_ms_[layout.FirstOfSame(writer.series[i])];
    newest = std::max(newest, own[i]);
  }
  if (kept != own.size()) view.series = writer.series;
  view.values = std::span(writer.page.values).first(kept);
  view.timestamps = std::span(own).first(kept);
}

// Markers for what the last record's layout has and the layout `now` has not, where they are newer
// than the series' samples.
void TargetSeries::AppendStaleSeries(SeriesWriter& writer, const Layout& now,
                                     const std::vector<int64_t>& newest_ms, int64_t timestamp_ms) {
  if (live_ == nullptr) return;
  writer.series = Missing(*live_, now);
  std::erase_if(writer.series, [&](uint32_t series) {
    return !live_->TracksStaleness(series) || live_->FirstOfSame(series) != series ||
           (series < newest_ms.size() && newest_ms[series] >= timestamp_ms);
  });
  if (writer.series.empty()) return;
  writer.values.assign(writer.series.size(), StaleNan());
  ScrapeView view;
  view.layout = live_->block();
  view.target = TargetOf(*live_);
  view.timestamp_ms = timestamp_ms;
  view.series = writer.series;
  view.values = writer.values;
  Append(writer, view);
}

void TargetSeries::AppendFailure(SeriesWriter& writer, const PageCounts& counts,
                                 const ScrapeFacts& facts) {
  if (live_ == nullptr) live_ = writer.layouts.Empty(*scope_);
  writer.values.assign(live_->block()->size(), StaleNan());
  SetReport(*live_, writer.values, false, counts, counts.added, facts);
  ScrapeView view;
  view.layout = live_->block();
  view.target = TargetOf(*live_);
  view.timestamp_ms = facts.timestamp_ms;
  view.values = writer.values;
  if (live_->has_timestamps()) {
    writer.series.clear();
    size_t kept = 0;
    const bool known = live_ == page_layout_;
    for (size_t i = 0; i < writer.values.size(); ++i) {
      if (!live_->TracksStaleness(i) || live_->FirstOfSame(i) != i) continue;
      if (known && i < newest_ms_.size()) {
        if (newest_ms_[i] >= facts.timestamp_ms) continue;
        newest_ms_[i] = facts.timestamp_ms;
      }
      writer.series.push_back(static_cast<uint32_t>(i));
      writer.values[kept++] = writer.values[i];
    }
    view.series = writer.series;
    view.values = std::span(writer.values).first(kept);
  }
  Append(writer, view);
  live_ = writer.layouts.Empty(*scope_);
}

void TargetSeries::AppendVanished(SeriesWriter& writer, int64_t now_ms) {
  if (live_ == nullptr) return;
  const int64_t timestamp_ms = std::max(now_ms, last_timestamp_ms_ + 1);
  writer.series.clear();
  for (size_t i = 0; i < live_->block()->size(); ++i) {
    if (!live_->TracksStaleness(i) || live_->FirstOfSame(i) != i) continue;
    writer.series.push_back(static_cast<uint32_t>(i));
  }
  writer.values.assign(writer.series.size(), StaleNan());
  ScrapeView view;
  view.layout = live_->block();
  view.target = TargetOf(*live_);
  view.timestamp_ms = timestamp_ms;
  if (live_->has_timestamps()) view.series = writer.series;
  view.values = writer.values;
  Append(writer, view);
  writer.last_marker_ms = std::max(writer.last_marker_ms, timestamp_ms);
  live_ = nullptr;
  page_layout_ = nullptr;
  newest_ms_ = {};
  exemplars_ = {};
}

void TargetSeries::TakeOver(TargetSeries& predecessor) {
  labels_target_ = predecessor.labels_target_;
  bare_target_ = predecessor.bare_target_;
  page_layout_ = std::move(predecessor.page_layout_);
  page_bytes_ = predecessor.page_bytes_;
  newest_ms_ = std::move(predecessor.newest_ms_);
  exemplars_ = std::move(predecessor.exemplars_);
  live_ = std::move(predecessor.live_);
  last_timestamp_ms_ = predecessor.last_timestamp_ms_;
}

void TargetSeries::ForgetPageIfScarce(SeriesWriter& writer) {
  if (page_layout_ == nullptr || !newest_ms_.empty()) return;
  if (!writer.memory.MustForget(page_bytes_)) return;
  page_layout_ = nullptr;
  exemplars_ = {};
}

void TargetSeries::ChangeScope(std::shared_ptr<const LayoutScope> scope) {
  scope_ = std::move(scope);
}

void TargetSeries::Append(SeriesWriter& writer, const ScrapeView& view) {
  last_timestamp_ms_ = view.timestamp_ms;
  writer.samples_total += view.values.size();
  writer.append(view);
}

}  // namespace limpet
