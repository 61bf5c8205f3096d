#include "tests/queue/fake_log.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace limpet {

class FakeLog::Reader : public LogReader {
 public:
  Reader(FakeLog& log, std::string receiver)
      : log_(log), receiver_(std::move(receiver)), next_(log.acknowledged[receiver_]) {
    log_.readers_.insert(this);
  }
  ~Reader() override { log_.readers_.erase(this); }

  const ScrapeView* Next() override {
    if (next_ == log_.scrapes.size()) return nullptr;
    // A copy that dies with the next call, so that the sanitizer sees who looks at it for longer.
    stored_ = std::make_unique<StoredScrape>(log_.scrapes[next_++]);
    view_ = std::make_unique<ScrapeView>(stored_->View());
    ++log_.read[receiver_];
    return view_.get();
  }
  LogPosition position() const override { return {1, next_}; }
  void SetWakeUp(std::function<void()> wake_up) override { wake_up_ = std::move(wake_up); }
  void Acknowledge(LogPosition position) override {
    CHECK(position.offset <= next_);
    CHECK(position.offset >= log_.acknowledged[receiver_]);
    log_.acknowledged[receiver_] = position.offset;
  }
  void Rewind() override { next_ = log_.acknowledged[receiver_]; }
  uint64_t backlog_bytes() const override {
    return (log_.scrapes.size() - log_.acknowledged[receiver_]) * 1000;
  }
  int64_t oldest_unsent_ms() const override {
    const uint64_t first = log_.acknowledged[receiver_];
    return first < log_.scrapes.size() ? log_.scrapes[first].timestamp_ms : 0;
  }
  const LostSamples& samples_lost() const override { return log_.lost[receiver_]; }

  void WakeUp() {
    if (wake_up_) wake_up_();
  }

 private:
  FakeLog& log_;
  std::string receiver_;
  uint64_t next_;
  std::unique_ptr<StoredScrape> stored_;
  std::unique_ptr<ScrapeView> view_;
  std::function<void()> wake_up_;
};

void FakeLog::Append(const ScrapeView& scrape) {
  scrapes.emplace_back(scrape);
  for (Reader* reader : readers_) reader->WakeUp();
}

std::unique_ptr<LogReader> FakeLog::NewReader(const std::string& receiver, ReaderStart start) {
  if (start == ReaderStart::kNow) acknowledged.try_emplace(receiver, scrapes.size());
  return std::make_unique<Reader>(*this, receiver);
}

void FakeLog::KeepOnly(const std::vector<std::string>& receivers) {
  kept = receivers;
  std::erase_if(acknowledged, [&](const auto& cursor) {
    return std::find(receivers.begin(), receivers.end(), cursor.first) == receivers.end();
  });
}

FakeTarget::FakeTarget(const std::string& name, size_t series)
    : target_(NewLogTarget(Labels{{"instance", name}, {"job", "fake"}})) {
  SeriesBlock::Builder builder;
  for (size_t i = 0; i < series; ++i) {
    builder.BeginSeries();
    builder.AddLabel("__name__", name + "_" + std::to_string(i));
  }
  layout_ = builder.Build();
}

void FakeTarget::Scrape(Log& log, int64_t timestamp_ms, double first) const {
  std::vector<double> values;
  for (size_t i = 0; i < layout_->size(); ++i) values.push_back(first + static_cast<double>(i));
  log.Append({layout_, target_, timestamp_ms, {}, values, {}});
}

void FakeTarget::ScrapeHistograms(Log& log, int64_t timestamp_ms, double first,
                                  bool custom_buckets) const {
  std::vector<double> values;
  OwnedAttachments attachments;
  for (uint32_t i = 0; i < layout_->size(); ++i) {
    values.push_back(first + i);
    if (i % 2 == 0) {
      const bool custom = custom_buckets && i % 4 == 2;
      attachments.histograms.push_back(
          {i, custom ? CustomBucketsMessage(100 + i) : HistogramMessage(100 + i)});
    }
    if (i % 4 > 1) continue;
    attachments.exemplars.push_back(
        {i, ExemplarLabels(std::to_string(timestamp_ms)), 0.5, timestamp_ms - 3});
  }
  log.Append(attachments.Show({layout_, target_, timestamp_ms, {}, values, {}}));
}

}  // namespace limpet
