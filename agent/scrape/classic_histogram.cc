#include "agent/scrape/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace limpet {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kNotCumulative = "a bucket's count is less than that of a lower one";

// Counts up to it are exact as integers; whoever counts beyond it counts in floats.
constexpr double kWholeMax = 9.2e18;

}  // namespace

void ClassicHistogram::Clear() {
  buckets_.clear();
  count_ = sum_ = 0;
  has_count_ = false;
  fault_ = nullptr;
}

void ClassicHistogram::AddBucket(double bound, double count) {
  const auto at =
      std::lower_bound(buckets_.begin(), buckets_.end(), bound,
                       [](const Bucket& bucket, double value) { return bucket.bound < value; });
  if (at != buckets_.end() && at->bound == bound) return;
  if (count < 0) {
    fault_ = "a bucket's count is negative";
  } else if (std::isnan(bound) || bound == -kInfinity) {
    fault_ = "a bucket's bound is not a finite number";
  } else if ((at != buckets_.begin() && count < (at - 1)->count) ||
             (at != buckets_.end() && count > at->count)) {
    fault_ = kNotCumulative;
  } else if (buckets_.size() == kHistogramBucketsMax) {
    fault_ = "too many buckets";
  }
  if (fault_ == nullptr) buckets_.insert(at, {bound, count});
}

void ClassicHistogram::SetCount(double count) {
  if (count < 0) fault_ = "the count is negative";
  count_ = count;
  has_count_ = true;
}

const char* ClassicHistogram::Complete() {
  if (fault_ != nullptr) return fault_;
  if (!has_count_ && !buckets_.empty()) count_ = buckets_.back().count;
  if (buckets_.empty() || buckets_.back().bound != kInfinity) {
    if (!buckets_.empty() && count_ < buckets_.back().count) return kNotCumulative;
    buckets_.push_back({kInfinity, count_});
  }
  // Not so either where one of them is not a number.
  return count_ == buckets_.back().count ? nullptr : "the count is not that of the last bucket";
}

bool ClassicHistogram::IsWhole() const {
  return std::all_of(buckets_.begin(), buckets_.end(), [](const Bucket& bucket) {
    return bucket.count <= kWholeMax && bucket.count == std::floor(bucket.count);
  });
}

const char* ClassicHistogram::Convert(NativeHistogram& native) {
  const bool is_gauge = native.is_gauge;
  native.Clear();
  native.is_gauge = is_gauge;
  if (const char* wrong = Complete()) return wrong;
  native.schema = kCustomBucketsSchema;
  native.sum = sum_;
  native.positive.spans.push_back({0, static_cast<uint32_t>(buckets_.size())});
  const bool whole = IsWhole();
  if (whole) {
    native.count = static_cast<uint64_t>(count_);
  } else {
    native.count_float = count_;
  }
  double below = 0;
  int64_t before = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.bound != kInfinity) native.custom_bounds.push_back(bucket.bound);
    if (whole) {
      const int64_t count = static_cast<int64_t>(bucket.count) - static_cast<int64_t>(below);
      native.positive.deltas.push_back(count - before);
      before = count;
    } else {
      native.positive.counts.push_back(bucket.count - below);
    }
    below = bucket.count;
  }
  return nullptr;
}

}  // namespace limpet
