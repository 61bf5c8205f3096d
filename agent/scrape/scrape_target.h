// One target: its connection, the scrape under way, and what is known about the last one.
//
// Who calls it: the scrape manager and the scheduler, on the loop's thread. A target may be
// destroyed whenever no callback of it is running; a scrape under way then ends without a record.
// Operation: a tick starts a request; its answer is collected, inflated, read and appended in the
// turn in which its last byte came. The timeout spans all of it. A tick that comes while a scrape
// is still going on is skipped. Source: Prometheus' scrape loop. The timestamp is the scrape's
// start, or the tick's place on the grid where it is at most 1 % of the interval and 2 ms late,
// which makes timestamps compress better.
#ifndef LIMPET_AGENT_SCRAPE_SCRAPE_TARGET_H_
#define LIMPET_AGENT_SCRAPE_SCRAPE_TARGET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/histogram.h"
#include "agent/platform/http_client.h"
#include "agent/scrape/body_pool.h"
#include "agent/scrape/compact_labels.h"
#include "agent/scrape/scheduler.h"
#include "agent/scrape/scrape_answer.h"
#include "agent/scrape/scrape_job.h"
#include "agent/scrape/scrape_manager.h"
#include "agent/scrape/shard.h"
#include "agent/scrape/target_labels.h"
#include "agent/scrape/target_series.h"

namespace limpet {

// What the targets of a manager share.
struct ScrapeContext {
  ScrapeContext(EventLoop& loop_in, const Clock& clock_in) : loop(loop_in), clock(clock_in) {}
  EventLoop& loop;
  const Clock& clock;
  Shard shard;
  SeriesWriter writer;
  BodyPool bodies;
  std::string inflated;                              // the page being read
  size_t page_bytes_max = ScrapeJob::kPageBytesMax;  // where a job has no limit
  std::function<bool()> may_scrape;                  // none: always
  uint64_t scrapes_total = 0;
  uint64_t scrapes_failed_total = 0;
  uint64_t body_bytes_total = 0;
  Histogram scrape_seconds{{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}};
};

class ScrapeTarget final : public Scheduled, private HttpResponseHandler {
 public:
  ScrapeTarget(ScrapeContext& context, std::shared_ptr<ScrapeJob> job, TargetSpec spec,
               CompactLabels discovered, std::shared_ptr<const LayoutScope> scope);
  ~ScrapeTarget() override;

  bool OnTick(const Tick& tick) override;

  TargetSeries& series() { return series_; }
  const TargetSeries& series() const { return series_; }
  const Url& url() const { return url_; }
  Millis interval() const { return interval_; }
  const HistogramFlags& histograms() const { return histograms_; }
  void SetDiscovered(CompactLabels discovered) { discovered_ = std::move(discovered); }
  void ShowTo(const std::function<void(const TargetStatus&)>& function) const;
  // It is not scraped until it ticks again: a scrape under way ends without a record, the
  // connection is closed, no marker is written.
  void Suspend();
  // Of two targets with the same series, the new one continues the old one's health and series.
  void TakeOver(ScrapeTarget& predecessor);

 private:
  struct Exchange;

  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;

  void StartRequest(SteadyTime now);
  int64_t TimestampFor(const Tick& tick) const;
  // The answer as text, in the context's buffer or the exchange's, and its size.
  Result<Page> PageOf(Exchange& exchange, int64_t& page_bytes);
  void Finish(const Result<void>& result);
  void SetOutcome(const Result<void>& outcome, int64_t timestamp_ms, double seconds);

  ScrapeContext& context_;
  std::shared_ptr<ScrapeJob> job_;
  Url url_;
  Millis interval_;
  Millis timeout_;
  const HistogramFlags histograms_;
  CompactLabels discovered_;
  TargetSeries series_;
  std::shared_ptr<HttpClientContext> client_;  // of connection_
  std::unique_ptr<HttpConnection> connection_;
  std::unique_ptr<Exchange> exchange_;  // while a scrape is under way

  TargetHealth health_ = TargetHealth::kUnknown;
  std::string last_error_;
  int64_t last_scrape_ms_ = 0;
  double last_scrape_duration_seconds_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPE_TARGET_H_
