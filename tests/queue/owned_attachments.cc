#include "tests/queue/owned_attachments.h"

#include <algorithm>
#include <bit>

#include "queue/remote_write_v2.pb.h"
#include "queue/wire.h"

namespace limpet {

OwnedAttachments::OwnedAttachments(const ScrapeView& view) {
  for (const HistogramSample& histogram : view.histograms) {
    histograms.push_back({histogram.place, std::string(histogram.message)});
  }
  for (const ExemplarSample& exemplar : view.exemplars) {
    exemplars.push_back(
        {exemplar.place, std::string(exemplar.labels), exemplar.value, exemplar.timestamp_ms});
  }
}

ScrapeView OwnedAttachments::Show(ScrapeView view) const {
  histogram_views_.clear();
  exemplar_views_.clear();
  for (const Histogram& histogram : histograms) {
    histogram_views_.push_back({histogram.place, histogram.message});
  }
  for (const Exemplar& exemplar : exemplars) {
    exemplar_views_.push_back(
        {exemplar.place, exemplar.labels, exemplar.value, exemplar.timestamp_ms});
  }
  view.histograms = histogram_views_;
  view.exemplars = exemplar_views_;
  return view;
}

bool OwnedAttachments::SameAs(const ScrapeView& view) const {
  return std::ranges::equal(histograms, view.histograms,
                            [](const Histogram& a, const HistogramSample& b) {
                              return a.place == b.place && a.message == b.message;
                            }) &&
         std::ranges::equal(
             exemplars, view.exemplars, [](const Exemplar& a, const ExemplarSample& b) {
               return a.place == b.place && a.labels == b.labels &&
                      std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value) &&
                      a.timestamp_ms == b.timestamp_ms;
             });
}

std::string HistogramMessage(uint64_t observations) {
  remote_write_v2::Histogram histogram;
  histogram.set_count_int(observations);
  histogram.set_sum(static_cast<double>(observations) * 0.37);
  histogram.set_schema(3);
  histogram.set_zero_threshold(0x1p-128);
  histogram.set_zero_count_int(observations / 100);
  for (const int offset : {-12, 3, 17}) {
    auto& span = *histogram.add_positive_spans();
    span.set_offset(offset);
    span.set_length(8);
  }
  int64_t before = 0;
  for (uint64_t bucket = 0; bucket < 24; ++bucket) {
    const auto count = static_cast<int64_t>((observations + bucket) / (3 + bucket));
    histogram.add_positive_deltas(count - before);
    before = count;
  }
  return histogram.SerializeAsString();
}

std::string CustomBucketsMessage(uint64_t observations) {
  remote_write_v2::Histogram histogram;
  histogram.set_count_int(observations);
  histogram.set_sum(1.5);
  histogram.set_schema(-53);
  auto& span = *histogram.add_positive_spans();
  span.set_length(2);
  histogram.add_positive_deltas(static_cast<int64_t>(observations));
  histogram.add_positive_deltas(-static_cast<int64_t>(observations));
  histogram.add_custom_values(0.1);
  histogram.add_custom_values(2.5);
  return histogram.SerializeAsString();
}

std::string ExemplarLabels(const std::string& trace_id) {
  std::string labels;
  AppendLabel("span_id", "00f067aa0ba902b7", labels);
  AppendLabel("trace_id", trace_id, labels);
  return labels;
}

}  // namespace limpet
