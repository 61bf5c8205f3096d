// The newest scrapes as they were appended, for readers that keep up with the log.
//
// Who calls it: LogImpl and its readers; the loop's thread.
// Operation: a reader that has read everything takes what is appended next from here instead of
// decoding it, and so needs no values of before: eight bytes a series, for each receiver. A scrape
// is kept until all readers that are live have taken it. Limits: kBytesMax, the newest scrape
// apart; a reader that misses one goes back to decoding (LogReaderImpl).
#ifndef LIMPET_QUEUE_LOG_LIVE_H_
#define LIMPET_QUEUE_LOG_LIVE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/log.h"
#include "queue/scrape_view.h"

namespace limpet {

// A scrape with memory of its own.
class LiveScrape {
 public:
  LiveScrape(const ScrapeView& scrape, LogPosition begin, LogPosition end);
  LiveScrape(const LiveScrape&) = delete;
  LiveScrape& operator=(const LiveScrape&) = delete;

  const ScrapeView& view() const { return view_; }
  LogPosition begin() const { return begin_; }
  LogPosition end() const { return end_; }
  size_t bytes() const { return bytes_; }

 private:
  LogPosition begin_;
  LogPosition end_;
  std::vector<uint32_t> series_;
  std::vector<double> values_;
  std::vector<int64_t> timestamps_;
  std::vector<HistogramSample> histograms_;
  std::vector<ExemplarSample> exemplars_;
  std::string messages_;  // what the two above point to
  ScrapeView view_;
  size_t bytes_ = 0;
};

// They are numbered, from 0, without a gap.
class LiveScrapes {
 public:
  static constexpr size_t kBytesMax = 512 * 1024;

  void Add(const ScrapeView& scrape, LogPosition begin, LogPosition end);
  void DropBefore(uint64_t number);
  // Null where it has gone.
  std::shared_ptr<const LiveScrape> Get(uint64_t number) const {
    return number < begin_ ? nullptr : scrapes_[number - begin_];
  }
  // Whether a reader that wants that one next misses nothing.
  bool Has(std::optional<uint64_t> number) const { return number && *number >= begin_; }
  void Clear() { DropBefore(end()); }
  // The number of the next one to come.
  uint64_t end() const { return begin_ + scrapes_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  void DropFirst();

  std::deque<std::shared_ptr<const LiveScrape>> scrapes_;
  uint64_t begin_ = 0;
  size_t bytes_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_LIVE_H_
