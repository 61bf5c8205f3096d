// A classic histogram, put together from its series and made into a native one with custom buckets.
//
// Who calls it: reading pages of jobs with convert_classic_histograms_to_nhcb, on the loop's
// thread; buffers are used again.
// Source: Prometheus' util/convertnhcb. Buckets may come in any order, of two with one bound the
// first one counts; the bucket for all is added where it is missing, and so is the count. Whole
// numbers make a histogram of whole numbers, others one of floats.
// Limits: kHistogramBucketsMax buckets.
#ifndef LIMPET_AGENT_SCRAPE_CLASSIC_HISTOGRAM_H_
#define LIMPET_AGENT_SCRAPE_CLASSIC_HISTOGRAM_H_

#include <vector>

#include "agent/scrape/native_histogram.h"

namespace limpet {

class ClassicHistogram {
 public:
  void Clear();
  // `count` includes that of all buckets below; the bound is a number.
  void AddBucket(double bound, double count);
  void SetCount(double count);
  void SetSum(double sum) { sum_ = sum; }

  // Null, or what keeps it from being a histogram. What is in `native` does not matter, but for
  // its buffers and is_gauge, which stays.
  const char* Convert(NativeHistogram& native);

 private:
  struct Bucket {
    double bound;
    double count;
  };
  const char* Complete();
  bool IsWhole() const;

  std::vector<Bucket> buckets_;  // ascending
  double count_ = 0;
  double sum_ = 0;
  bool has_count_ = false;
  const char* fault_ = nullptr;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_CLASSIC_HISTOGRAM_H_
