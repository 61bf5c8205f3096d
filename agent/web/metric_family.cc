#include "agent/web/metric_family.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include "agent/platform/utf8.h"

namespace limpet {
namespace {

prometheus::ClientMetric& AddMetric(prometheus::MetricFamily& family, const MetricLabels& labels) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [name, value] : labels) {
    metric.label.push_back({std::string(name), ToValidUtf8(value)});
  }
  return metric;
}

}  // namespace

void AddSample(prometheus::MetricFamily& family, const MetricLabels& labels, double value) {
  prometheus::ClientMetric& metric = AddMetric(family, labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void AddHistogram(prometheus::MetricFamily& family, const MetricLabels& labels,
                  const Histogram& histogram) {
  prometheus::ClientMetric& metric = AddMetric(family, labels);
  metric.histogram.sample_count = histogram.count();
  metric.histogram.sample_sum = histogram.sum();
  uint64_t cumulative = 0;
  for (size_t i = 0; i < histogram.bounds().size(); ++i) {
    cumulative += histogram.counts()[i];
    metric.histogram.bucket.push_back({cumulative, histogram.bounds()[i]});
  }
}

prometheus::MetricFamily& MetricFamilies::Add(std::string_view name, std::string_view help,
                                              prometheus::MetricType type) {
  return families_.emplace_back(
      prometheus::MetricFamily{std::string(name), std::string(help), type, {}});
}

prometheus::MetricFamily& MetricFamilies::Counter(std::string_view name, std::string_view help) {
  return Add(name, help, prometheus::MetricType::Counter);
}

prometheus::MetricFamily& MetricFamilies::Gauge(std::string_view name, std::string_view help) {
  return Add(name, help, prometheus::MetricType::Gauge);
}

prometheus::MetricFamily& MetricFamilies::HistogramFamily(std::string_view name,
                                                          std::string_view help) {
  return Add(name, help, prometheus::MetricType::Histogram);
}

std::vector<prometheus::MetricFamily> MetricFamilies::Take() {
  std::vector<prometheus::MetricFamily> taken;
  for (prometheus::MetricFamily& family : families_) {
    if (!family.metric.empty()) taken.push_back(std::move(family));
  }
  families_.clear();
  return taken;
}

}  // namespace limpet
