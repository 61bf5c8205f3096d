#include "queue/log_live.h"

namespace limpet {
namespace {

std::string_view Copy(std::string_view from, std::string& to) {
  const size_t begin = to.size();
  to.append(from);
  return std::string_view(to).substr(begin);
}

}  // namespace

LiveScrape::LiveScrape(const ScrapeView& scrape, LogPosition begin, LogPosition end)
    : begin_(begin),
      end_(end),
      series_(scrape.series.begin(), scrape.series.end()),
      values_(scrape.values.begin(), scrape.values.end()),
      timestamps_(scrape.timestamps.begin(), scrape.timestamps.end()),
      histograms_(scrape.histograms.begin(), scrape.histograms.end()),
      exemplars_(scrape.exemplars.begin(), scrape.exemplars.end()),
      view_(scrape) {
  size_t message_bytes = 0;
  for (const HistogramSample& histogram : histograms_) message_bytes += histogram.message.size();
  for (const ExemplarSample& exemplar : exemplars_) message_bytes += exemplar.labels.size();
  messages_.reserve(message_bytes);  // it never moves: views point into it
  for (HistogramSample& histogram : histograms_) {
    histogram.message = Copy(histogram.message, messages_);
  }
  for (ExemplarSample& exemplar : exemplars_) exemplar.labels = Copy(exemplar.labels, messages_);
  view_.series = series_;
  view_.values = values_;
  view_.timestamps = timestamps_;
  view_.histograms = histograms_;
  view_.exemplars = exemplars_;
  view_.may_be_resent = false;
  bytes_ = sizeof(*this) + series_.size() * sizeof(uint32_t) + values_.size() * sizeof(double) +
           timestamps_.size() * sizeof(int64_t) + histograms_.size() * sizeof(HistogramSample) +
           exemplars_.size() * sizeof(ExemplarSample) + message_bytes;
}

void LiveScrapes::Add(const ScrapeView& scrape, LogPosition begin, LogPosition end) {
  scrapes_.push_back(std::make_shared<const LiveScrape>(scrape, begin, end));
  bytes_ += scrapes_.back()->bytes();
  while (bytes_ > kBytesMax && scrapes_.size() > 1) DropFirst();
}

void LiveScrapes::DropBefore(uint64_t number) {
  while (begin_ < number && !scrapes_.empty()) DropFirst();
}

void LiveScrapes::DropFirst() {
  bytes_ -= scrapes_.front()->bytes();
  scrapes_.pop_front();
  ++begin_;
}

}  // namespace limpet
