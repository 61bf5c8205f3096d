// One scrape as the log takes it and gives it back.
//
// Who calls it: scrape/ fills it in for Log::Append, LogReader hands it to the senders; the loop's
// thread. Views are good during the call only.
// A delivered series has the labels of layout series i, plus those of the target whose names the
// layout series does not have (the inner label wins, an empty one too). Where rules make labels
// depend on the target in any other way, the layout holds complete label sets and the target has
// none.
#ifndef LIMPET_QUEUE_SCRAPE_VIEW_H_
#define LIMPET_QUEUE_SCRAPE_VIEW_H_

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "agent/relabel/labels.h"
#include "queue/series_block.h"

namespace limpet {

// Prometheus' two NaNs: the staleness marker, and the one that every other NaN becomes.
inline constexpr uint64_t kStaleNanBits = 0x7ff0000000000002;
inline constexpr uint64_t kNormalNanBits = 0x7ff8000000000001;
inline double StaleNan() { return std::bit_cast<double>(kStaleNanBits); }
inline bool IsStaleNan(double value) { return std::bit_cast<uint64_t>(value) == kStaleNanBits; }

// The labels that all series of a target have; made once a target.
struct LogTarget {
  uint64_t id;   // unique in this process, see NewLogTarget
  uint64_t key;  // equal for the same target over restarts; scrapes of one key stay in order
  Labels labels;
};
// Without a key it is a hash of the labels; whoever makes two targets of one thing that is scraped
// (see above) gives both the same.
std::shared_ptr<const LogTarget> NewLogTarget(Labels labels,
                                              std::optional<uint64_t> key = std::nullopt);

// A native histogram among the samples of a scrape. That sample's value is the histogram's sum; a
// staleness marker is a plain value for these series too, as Prometheus' agent sends it.
struct HistogramSample {
  uint32_t place;  // of the sample in ScrapeView::values
  // A Histogram of remote_write_v2.proto, encoded, without its two timestamps; that of 1.0 has the
  // same fields.
  std::string_view message;
};

// An exemplar of one of the samples of a scrape.
struct ExemplarSample {
  uint32_t place;           // of the sample in ScrapeView::values
  std::string_view labels;  // encoded as SeriesBlock has them, in order of name
  double value = 0;
  int64_t timestamp_ms = 0;  // its own, or the sample's where it has none
};

struct ScrapeView {
  std::shared_ptr<const SeriesBlock> layout;
  std::shared_ptr<const LogTarget> target;
  int64_t timestamp_ms = 0;
  // Which series of the layout have a value, ascending; empty: all of them, in order.
  std::span<const uint32_t> series;
  // One a series named above, in that order.
  std::span<const double> values;
  // Empty, or one a value: the sample's own timestamp in ms (equal to timestamp_ms where it has
  // none).
  std::span<const int64_t> timestamps;
  // Ascending by place; a sample has at most one histogram and any number of exemplars.
  std::span<const HistogramSample> histograms = {};
  std::span<const ExemplarSample> exemplars = {};
  // Read from the log: it may have been sent before, by a process that was killed before it noted
  // the answer. Then it is best sent as it was, not joined with the target's next ones: a receiver
  // that refuses what it has already refuses a request as a whole.
  bool may_be_resent = false;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SCRAPE_VIEW_H_
