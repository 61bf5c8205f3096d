// Metric families of prometheus-cpp, made from counted values at the moment they are asked for.
//
// Who calls it: web/'s collectors; the loop's thread.
// prometheus-cpp's own Gauge and Counter objects keep a copy of every value and its labels;
// limpet's values live where they are counted.
//
//   families.Counter("limpet_scrapes_total", "Scrapes begun.", stats.scrapes_total);
//   auto& up = families.Gauge("limpet_targets", "Active targets.");
//   AddSample(up, {{"job", job}}, 3);
#ifndef LIMPET_AGENT_WEB_METRIC_FAMILY_H_
#define LIMPET_AGENT_WEB_METRIC_FAMILY_H_

#include <prometheus/metric_family.h>

#include <concepts>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/platform/histogram.h"

namespace limpet {

using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

template <typename T>
concept MetricValue = std::integral<T> || std::floating_point<T>;

// A sample of a counter or gauge, a histogram of a histogram. Label values are made valid UTF-8.
void AddSample(prometheus::MetricFamily& family, const MetricLabels& labels, double value);
void AddHistogram(prometheus::MetricFamily& family, const MetricLabels& labels,
                  const Histogram& histogram);
template <MetricValue T>
void AddSample(prometheus::MetricFamily& family, const MetricLabels& labels, T value) {
  AddSample(family, labels, static_cast<double>(value));
}

class MetricFamilies {
 public:
  // Empty families, to add samples to; the reference stays good.
  prometheus::MetricFamily& Counter(std::string_view name, std::string_view help);
  prometheus::MetricFamily& Gauge(std::string_view name, std::string_view help);
  prometheus::MetricFamily& HistogramFamily(std::string_view name, std::string_view help);

  // Families with one sample without labels.
  template <MetricValue T>
  void Counter(std::string_view name, std::string_view help, T value) {
    AddSample(Counter(name, help), {}, value);
  }
  template <MetricValue T>
  void Gauge(std::string_view name, std::string_view help, T value) {
    AddSample(Gauge(name, help), {}, value);
  }

  // Without the families that have no samples.
  std::vector<prometheus::MetricFamily> Take();

 private:
  prometheus::MetricFamily& Add(std::string_view name, std::string_view help,
                                prometheus::MetricType type);
  std::deque<prometheus::MetricFamily> families_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_METRIC_FAMILY_H_
