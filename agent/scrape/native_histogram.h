// A native histogram from a page to the message that is delivered.
//
// Who calls it: reading pages, on the loop's thread; buffers are used again.
// Source: Prometheus' model/histogram. Empty buckets are left out; where the job's settings want
// it, neighbouring buckets are merged until the schema is coarse enough, then until there are few
// enough; what is not consistent (spans that go back, a negative count, buckets that do not sum up
// to the count) is refused. A histogram of floats may sum up to anything. It differs in one thing:
// negative counts are found before buckets are merged, so none hides in its neighbour.
// Limits: 65,536 buckets and as many spans on each side of zero.
#ifndef LIMPET_AGENT_SCRAPE_NATIVE_HISTOGRAM_H_
#define LIMPET_AGENT_SCRAPE_NATIVE_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/scrape/histogram_settings.h"
#include "queue/wire.h"

namespace limpet {

inline constexpr size_t kHistogramBucketsMax = 65'536;

struct BucketSpan {
  int32_t offset = 0;  // from the last bucket of the span before, of the first one from zero
  uint32_t length = 0;
};

// The buckets on one side of zero as the page has them.
struct HistogramSide {
  std::vector<BucketSpan> spans;
  std::vector<int64_t> deltas;  // of whole numbers: from one bucket's count to the next
  std::vector<double> counts;   // of floats
};

// The native part of a histogram as the page has it.
struct NativeHistogram {
  uint64_t count = 0;
  double count_float = 0;
  double sum = 0;
  int32_t schema = 0;
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  double zero_count_float = 0;
  bool is_gauge = false;
  HistogramSide negative;
  HistogramSide positive;
  // Of kCustomBucketsSchema: the upper bounds of the buckets (counted from 0) but for the last one,
  // which has none; ascending. A page in protobuf cannot say them.
  std::vector<double> custom_bounds;

  void Clear();
  // As opposed to a classic one.
  bool is_native() const {
    return !positive.spans.empty() || !negative.spans.empty() || zero_threshold > 0 ||
           zero_count > 0;
  }
  bool is_float() const { return count_float > 0 || zero_count_float > 0; }
  // Whether the spans have as many buckets as there are.
  bool is_consistent() const;
};

enum class HistogramFault { kNone, kInvalid, kBucketLimit };

class HistogramEncoder {
 public:
  // Appends a Histogram of queue/remote_write_v2.proto without its timestamps; on a fault nothing.
  HistogramFault Append(const NativeHistogram& histogram, const HistogramSettings& settings,
                        std::string& out);
  // What is wrong, after a fault.
  const char* fault() const { return fault_; }

 private:
  struct Bucket {
    int64_t index;
    uint64_t count;
    double count_float;
  };
  using Buckets = std::vector<Bucket>;

  bool Read(const HistogramSide& side, Buckets& buckets);
  bool Check(const NativeHistogram& histogram);
  bool CheckCount(const NativeHistogram& histogram);
  HistogramFault Reduce(const HistogramSettings& settings);
  void Encode(const NativeHistogram& histogram, std::string& out);
  void EncodeSide(const Buckets& buckets, char spans_tag, char deltas_tag, char counts_tag,
                  std::string& out);

  Buckets negative_;
  Buckets positive_;
  int32_t schema_ = 0;
  bool is_float_ = false;
  const char* fault_ = "";
  WireBuffer packed_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_NATIVE_HISTOGRAM_H_
