#include "queue/wire_run.h"

#include <algorithm>
#include <atomic>

namespace limpet {
namespace {

std::atomic<uint64_t> last_run_id{0};

}  // namespace

bool ScrapeRun::Append(const ScrapeView& scrape) {
  if (!rows_.empty()) {
    if (scrape.layout->id() != layout_->id() || scrape.target->id != target_->id) return false;
    if (rows_.size() == kRowsMax || values_.size() + scrape.values.size() > kValuesMax ||
        !attachments_.HasRoomFor(scrape)) {
      return false;
    }
    in_order_ = in_order_ && scrape.timestamp_ms >= rows_.back().timestamp_ms;
  } else {
    layout_ = scrape.layout;
    target_ = scrape.target;
    may_be_resent_ = scrape.may_be_resent;
  }
  Row row{scrape.timestamp_ms, values_.size(), kAll, kNone, scrape.values.size()};
  values_.insert(values_.end(), scrape.values.begin(), scrape.values.end());
  if (scrape.values.size() != layout_->size()) {
    row.series = series_.size();
    series_.insert(series_.end(), scrape.series.begin(), scrape.series.end());
    all_ = false;
  }
  if (!scrape.timestamps.empty()) {
    row.timestamps = timestamps_.size();
    timestamps_.insert(timestamps_.end(), scrape.timestamps.begin(), scrape.timestamps.end());
    in_order_ = false;
  }
  attachments_.Add(rows_.size(), scrape);
  oldest_ms_ = rows_.empty() ? row.timestamp_ms : std::min(oldest_ms_, row.timestamp_ms);
  rows_.push_back(row);
  return true;
}

void ScrapeRun::Clear() {
  id_ = ++last_run_id;
  layout_.reset();
  target_.reset();
  rows_.clear();
  values_.clear();
  series_.clear();
  timestamps_.clear();
  attachments_.Clear();
  all_ = true;
  in_order_ = true;
  may_be_resent_ = false;
}

void ScrapeRun::Release() { *this = ScrapeRun(); }

size_t ScrapeRun::NextListed(size_t series) const {
  const size_t end = series_end();
  if (series >= end) return end;
  size_t next = end;
  for (const Row& row : rows_) {
    if (row.series == kAll) return series;
    const auto listed = SeriesOf(row);
    const auto found = std::lower_bound(listed.begin(), listed.end(), series);
    if (found != listed.end()) next = std::min<size_t>(next, *found);
  }
  return next;
}

size_t ScrapeRun::Find(const Row& row, size_t series) const {
  if (row.series == kAll) return series;
  const auto listed = SeriesOf(row);
  const auto found = std::lower_bound(listed.begin(), listed.end(), series);
  if (found == listed.end() || *found != series) return row.size;
  return static_cast<size_t>(found - listed.begin());
}

size_t ScrapeRun::SortedSamples(size_t series, WireSample* out) const {
  size_t count = 0;
  for (const Row& row : rows_) {
    const size_t place = Find(row, series);
    if (place == row.size) continue;
    out[count++] = SampleAt(row, place);
  }
  const auto earlier = [](const WireSample& a, const WireSample& b) {
    return a.timestamp_ms < b.timestamp_ms;
  };
  // Nearly always they are in order, and stable_sort takes memory.
  if (!std::is_sorted(out, out + count, earlier)) std::stable_sort(out, out + count, earlier);
  return count;
}

size_t ScrapeRun::AttachedSamples(size_t series, AttachedSample* out) const {
  size_t count = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const size_t place = Find(rows_[i], series);
    if (place == rows_[i].size) continue;
    AttachedSample& sample = out[count++];
    sample = {};
    sample.sample = SampleAt(rows_[i], place);
    attachments_.Attach(i, place, sample);
  }
  std::stable_sort(out, out + count, [](const AttachedSample& a, const AttachedSample& b) {
    return a.sample.timestamp_ms < b.sample.timestamp_ms;
  });
  return count;
}

}  // namespace limpet
