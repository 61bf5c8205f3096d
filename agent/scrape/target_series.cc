#include "agent/scrape/target_series.h"

#include <algorithm>
#include <utility>

#include "agent/scrape/layout_difference.h"

namespace limpet {
namespace {

constexpr int64_t kFutureMsMax = 10 * 60 * 1000;

void SetReport(const Layout& layout, std::vector<double>& values, bool up, const PageCounts& counts,
               size_t added, double seconds) {
  double* report = values.data() + layout.page_series();
  report[static_cast<size_t>(ReportSeries::kUp)] = up ? 1 : 0;
  report[static_cast<size_t>(ReportSeries::kDurationSeconds)] = seconds;
  report[static_cast<size_t>(ReportSeries::kSamplesScraped)] = static_cast<double>(counts.scraped);
  report[static_cast<size_t>(ReportSeries::kSamplesPostMetricRelabeling)] =
      static_cast<double>(counts.post_relabel);
  report[static_cast<size_t>(ReportSeries::kSeriesAdded)] = static_cast<double>(added);
}

}  // namespace

TargetSeries::TargetSeries(std::shared_ptr<const LayoutScope> scope, const Labels& labels)
    : scope_(std::move(scope)), labels_target_(NewLogTarget(labels)) {}

const std::shared_ptr<const LogTarget>& TargetSeries::TargetOf(const Layout& layout) {
  if (!layout.complete_labels()) return labels_target_;
  if (bare_target_ == nullptr) bare_target_ = NewLogTarget(Labels());
  return bare_target_;
}

Result<std::shared_ptr<const Layout>> TargetSeries::ReadPage(SeriesWriter& writer,
                                                             std::string_view page,
                                                             uint64_t series_max,
                                                             PageCounts& counts) {
  const bool same_rules = page_layout_ != nullptr && page_layout_->scope_id() == scope_->id;
  if (same_rules && page_layout_->Match(page, writer.page)) {
    counts = page_layout_->counts();
    // The limit may have been lowered since the layout was built.
    if (series_max != 0 && page_layout_->page_series() > series_max) {
      return Error{"sample limit exceeded"};
    }
    return page_layout_;
  }
  return writer.layouts.Resolve(*scope_, page, series_max, page_layout_.get(), writer.page, counts);
}

std::vector<uint32_t> TargetSeries::Missing(const Layout& before, const Layout& after) {
  return MissingSeries(before, *TargetOf(before), after, *TargetOf(after));
}

void TargetSeries::AppendPage(SeriesWriter& writer, const std::shared_ptr<const Layout>& layout,
                              const ScrapeTime& time) {
  size_t added = 0;
  if (page_layout_ == nullptr) {
    added = layout->page_series();
  } else if (page_layout_ != layout) {
    added = Missing(*layout, *page_layout_).size();
  }
  SetReport(*layout, writer.page.values, true, layout->counts(), added, time.duration_seconds);

  ScrapeView view;
  view.layout = layout->block();
  view.target = TargetOf(*layout);
  view.timestamp_ms = time.timestamp_ms;
  view.values = writer.page.values;
  if (layout->has_timestamps()) {
    std::vector<int64_t>& own = writer.page.timestamps;
    const int64_t latest = time.now_ms + kFutureMsMax;
    bool complete = true;
    for (int64_t& timestamp : own) {
      if (timestamp == PageValues::kNoTimestamp) timestamp = time.timestamp_ms;
      complete = complete && timestamp <= latest;
    }
    view.timestamps = own;
    if (!complete) {
      writer.series.clear();
      size_t kept = 0;
      for (size_t i = 0; i < own.size(); ++i) {
        if (own[i] > latest) continue;
        writer.series.push_back(static_cast<uint32_t>(i));
        own[kept] = own[i];
        writer.page.values[kept++] = writer.page.values[i];
      }
      writer.samples_out_of_bounds_total += own.size() - kept;
      view.series = writer.series;
      view.values = std::span(writer.page.values).first(kept);
      view.timestamps = std::span(own).first(kept);
    }
  }
  Append(writer, view);
  writer.samples_duplicate_total += layout->counts().duplicate;
  if (live_ != layout) AppendStaleSeries(writer, *layout, time.timestamp_ms);
  live_ = layout;
  page_layout_ = layout;
}

// Markers for what the last record's layout has and the layout `now` has not.
void TargetSeries::AppendStaleSeries(SeriesWriter& writer, const Layout& now,
                                     int64_t timestamp_ms) {
  if (live_ == nullptr) return;
  writer.series = Missing(*live_, now);
  std::erase_if(writer.series, [&](uint32_t series) { return live_->HasOwnTimestamp(series); });
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
                                 const ScrapeTime& time) {
  if (live_ == nullptr) live_ = writer.layouts.Empty(*scope_);
  writer.values.assign(live_->block()->size(), StaleNan());
  SetReport(*live_, writer.values, false, counts, 0, time.duration_seconds);
  ScrapeView view;
  view.layout = live_->block();
  view.target = TargetOf(*live_);
  view.timestamp_ms = time.timestamp_ms;
  view.values = writer.values;
  if (live_->has_timestamps()) {
    writer.series.clear();
    size_t kept = 0;
    for (size_t i = 0; i < writer.values.size(); ++i) {
      if (live_->HasOwnTimestamp(i)) continue;
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
    if (!live_->HasOwnTimestamp(i)) writer.series.push_back(static_cast<uint32_t>(i));
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
}

void TargetSeries::TakeOver(TargetSeries& predecessor) {
  labels_target_ = predecessor.labels_target_;
  bare_target_ = predecessor.bare_target_;
  page_layout_ = std::move(predecessor.page_layout_);
  live_ = std::move(predecessor.live_);
  last_timestamp_ms_ = predecessor.last_timestamp_ms_;
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
