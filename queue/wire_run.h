// Consecutive scrapes of one target and layout, as rows of a table: what a request writes series
// after series.
//
// Who calls it: the sender of one receiver fills it from its LogReader and gives it to
// RequestBuilder::Add; one thread at a time.
// Operation: values are copied, so that a run outlives the views it was made of; the memory is kept
// between uses. Limits: at most kRowsMax rows, kValuesMax values and 2 MiB of histograms and
// exemplars; one row is always taken.
//
//   ScrapeRun run;
//   while (const ScrapeView* scrape = reader.Next()) {
//     if (!run.Append(*scrape)) break;   // of another target or layout, or the run is full
//   }
#ifndef LIMPET_QUEUE_WIRE_RUN_H_
#define LIMPET_QUEUE_WIRE_RUN_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "queue/scrape_view.h"
#include "queue/wire.h"
#include "queue/wire_attachments.h"

namespace limpet {

class ScrapeRun {
 public:
  static constexpr size_t kRowsMax = 64;
  static constexpr size_t kValuesMax = 256 * 1024;

  ScrapeRun() { Clear(); }

  // False, and nothing taken, where the scrape is of another target or layout, or the run is full.
  bool Append(const ScrapeView& scrape);
  void Clear();
  // Gives the memory back too.
  void Release();

  bool empty() const { return rows_.empty(); }
  size_t rows() const { return rows_.size(); }
  // Where RequestBuilder::Add ends: what it counts in are the series of the layout.
  size_t series_end() const { return empty() ? 0 : layout_->size(); }
  // Of the oldest row; not of an empty run.
  int64_t oldest_ms() const { return oldest_ms_; }
  // All rows' values.
  size_t values() const { return values_.size(); }
  const std::shared_ptr<const SeriesBlock>& layout() const { return layout_; }
  const std::shared_ptr<const LogTarget>& target() const { return target_; }
  bool may_be_resent() const { return may_be_resent_; }
  // Another one after each Clear, in the whole process.
  uint64_t id() const { return id_; }

  // The first series from `series` on that has a value in any row; series_end() where none has.
  size_t NextSeries(size_t series) const {
    return all_ ? std::min(series, series_end()) : NextListed(series);
  }
  // The values of one series, in order of time (rows of the same time in their order), and how
  // many. There must be room for rows().
  size_t Samples(size_t series, WireSample* out) const {
    if (!all_ || !in_order_) return SortedSamples(series, out);
    const double* value = values_.data() + series;
    for (const Row& row : rows_) {
      *out++ = {row.timestamp_ms, *value};
      value += row.size;
    }
    return rows_.size();
  }
  // Whether there are histograms or exemplars among the samples of a series. Those have all that
  // belongs to them from AttachedSamples, in the same order; it is good until Clear.
  bool HasAttachments(size_t series) const { return attachments_.Has(series); }
  size_t AttachedSamples(size_t series, AttachedSample* out) const;

 private:
  struct Row {
    int64_t timestamp_ms;
    size_t values;      // its first one in values_
    size_t series;      // its first one in series_, or kAll
    size_t timestamps;  // its first one in timestamps_, or kNone
    size_t size;
  };
  static constexpr size_t kAll = SIZE_MAX;
  static constexpr size_t kNone = SIZE_MAX;

  std::span<const uint32_t> SeriesOf(const Row& row) const {
    return {series_.data() + row.series, row.size};
  }
  size_t NextListed(size_t series) const;
  size_t SortedSamples(size_t series, WireSample* out) const;
  // The sample at a place of a row.
  WireSample SampleAt(const Row& row, size_t place) const {
    return {row.timestamps == kNone ? row.timestamp_ms : timestamps_[row.timestamps + place],
            values_[row.values + place]};
  }
  // The place of a series' value in its row; row.size where it has none.
  size_t Find(const Row& row, size_t series) const;

  uint64_t id_ = 0;
  int64_t oldest_ms_ = 0;
  std::shared_ptr<const SeriesBlock> layout_;
  std::shared_ptr<const LogTarget> target_;
  std::vector<Row> rows_;
  std::vector<double> values_;
  std::vector<uint32_t> series_;
  std::vector<int64_t> timestamps_;
  RunAttachments attachments_;
  bool all_ = true;  // each row has a value for every series
  bool may_be_resent_ = false;
  bool in_order_ = true;  // the rows are in order of time, and all samples have their row's time
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_RUN_H_
