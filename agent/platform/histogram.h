// A histogram with fixed bounds, for limpet's own metrics.
//
// Who calls it: the modules that count, on the loop's thread; web/ reads it.
// Bounds are upper bounds, inclusive, ascending; the last bucket (+Inf) is implied, as in
// Prometheus.
#ifndef LIMPET_AGENT_PLATFORM_HISTOGRAM_H_
#define LIMPET_AGENT_PLATFORM_HISTOGRAM_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace limpet {

class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds)
      : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

  void Observe(double value) {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    ++counts_[bucket];
    ++count_;
    sum_ += value;
  }

  const std::vector<double>& bounds() const { return bounds_; }
  // Per bucket, not cumulative; one longer than bounds().
  const std::vector<uint64_t>& counts() const { return counts_; }
  uint64_t count() const { return count_; }
  double sum() const { return sum_; }

 private:
  std::vector<double> bounds_;
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HISTOGRAM_H_
