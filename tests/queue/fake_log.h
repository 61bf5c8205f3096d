// A log in memory for the senders' tests: readers see every scrape at once, cursors are numbers.
#ifndef LIMPET_TESTS_QUEUE_FAKE_LOG_H_
#define LIMPET_TESTS_QUEUE_FAKE_LOG_H_

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "queue/log.h"
#include "tests/queue/owned_attachments.h"

namespace limpet {

// A scrape that owns what its view points to.
struct StoredScrape {
  explicit StoredScrape(const ScrapeView& view)
      : layout(view.layout),
        target(view.target),
        timestamp_ms(view.timestamp_ms),
        series(view.series.begin(), view.series.end()),
        values(view.values.begin(), view.values.end()),
        timestamps(view.timestamps.begin(), view.timestamps.end()),
        attachments(view) {}
  ScrapeView View() const {
    return attachments.Show({layout, target, timestamp_ms, series, values, timestamps});
  }

  std::shared_ptr<const SeriesBlock> layout;
  std::shared_ptr<const LogTarget> target;
  int64_t timestamp_ms;
  std::vector<uint32_t> series;
  std::vector<double> values;
  std::vector<int64_t> timestamps;
  OwnedAttachments attachments;
};

class FakeLog : public Log {
 public:
  // What a test looks at.
  std::deque<StoredScrape> scrapes;
  std::map<std::string, uint64_t> acknowledged;  // how many scrapes, by receiver
  std::map<std::string, uint64_t> read;          // how often Next gave one, by receiver
  std::map<std::string, LostSamples> lost;
  std::vector<std::string> kept;

  void Append(const ScrapeView& scrape) override;
  std::unique_ptr<LogReader> NewReader(const std::string& receiver,
                                       ReaderStart start = ReaderStart::kOldest) override;
  void KeepOnly(const std::vector<std::string>& receivers) override;
  void SetBounds(uint64_t, Millis, Millis) override {}
  const LogStats& stats() const override { return stats_; }
  void Close(Millis) override {}

 private:
  class Reader;
  std::set<Reader*> readers_;
  LogStats stats_;
};

// One scrape of the series NAME_0, NAME_1, ... of a target whose instance is NAME.
class FakeTarget {
 public:
  FakeTarget(const std::string& name, size_t series);
  // The series' values are `first`, `first` + 1, ...
  void Scrape(Log& log, int64_t timestamp_ms, double first) const;
  // The same where of each four series the first and the third have native histograms, that of the
  // third with custom buckets if so wanted, and the first two an exemplar.
  void ScrapeHistograms(Log& log, int64_t timestamp_ms, double first,
                        bool custom_buckets = true) const;

 private:
  std::shared_ptr<const SeriesBlock> layout_;
  std::shared_ptr<const LogTarget> target_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_FAKE_LOG_H_
