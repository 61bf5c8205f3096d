#include "agent/scrape/native_histogram.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "agent/scrape/sample_value.h"
#include "queue/record_bytes.h"

namespace limpet {
namespace {

// What Prometheus knows of and can make coarser, whether or not it takes it as it is.
constexpr int32_t kKnownSchemaMin = -9;
constexpr int32_t kKnownSchemaMax = 52;
// Far beyond the buckets of any double; so the difference of two always fits into a span.
constexpr int64_t kIndexMax = std::numeric_limits<int32_t>::max() / 2;

// Histogram of remote_write_v2.proto.
constexpr char kCountInt = 0x08;
constexpr char kCountFloat = 0x11;
constexpr char kSum = 0x19;
constexpr char kSchema = 0x20;
constexpr char kZeroThreshold = 0x29;
constexpr char kZeroCountInt = 0x30;
constexpr char kZeroCountFloat = 0x39;
constexpr char kNegativeSpans = 0x42;
constexpr char kNegativeDeltas = 0x4A;
constexpr char kNegativeCounts = 0x52;
constexpr char kPositiveSpans = 0x5A;
constexpr char kPositiveDeltas = 0x62;
constexpr char kPositiveCounts = 0x6A;
constexpr char kResetHint = 0x70;
constexpr char kResetHintGauge = 3;
constexpr std::string_view kCustomValues = "\x82\x01";
constexpr char kSpanOffset = 0x08;
constexpr char kSpanLength = 0x10;

void AppendDoubleField(char tag, double value, std::string& out) {
  char bytes[1 + sizeof value];
  bytes[0] = tag;
  std::memcpy(bytes + 1, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

bool IsConsistent(const HistogramSide& side, size_t buckets) {
  uint64_t length = 0;
  for (const BucketSpan& span : side.spans) length += span.length;
  return length == buckets;
}

}  // namespace

int32_t SchemaOfBucketFactor(double factor) {
  if (!(factor > 1)) return kExponentialSchemaMax;
  const double schema = std::floor(-std::log2(std::log2(factor)));
  if (schema >= kExponentialSchemaMax) return kExponentialSchemaMax;
  if (schema <= kExponentialSchemaMin) return kExponentialSchemaMin;
  return static_cast<int32_t>(schema);
}

void NativeHistogram::Clear() {
  count = zero_count = 0;
  count_float = sum = zero_threshold = zero_count_float = 0;
  schema = 0;
  is_gauge = false;
  for (HistogramSide* side : {&negative, &positive}) {
    side->spans.clear();
    side->deltas.clear();
    side->counts.clear();
  }
  custom_bounds.clear();
}

bool NativeHistogram::is_consistent() const {
  const bool floats = is_float();
  return IsConsistent(negative, floats ? negative.counts.size() : negative.deltas.size()) &&
         IsConsistent(positive, floats ? positive.counts.size() : positive.deltas.size());
}

HistogramFault HistogramEncoder::Append(const NativeHistogram& histogram,
                                        const HistogramSettings& settings, std::string& out) {
  is_float_ = histogram.is_float();
  schema_ = histogram.schema;
  if (!histogram.is_consistent()) {
    fault_ = "spans and buckets do not match";
    return HistogramFault::kInvalid;
  }
  if (!Read(histogram.negative, negative_) || !Read(histogram.positive, positive_)) {
    return HistogramFault::kInvalid;
  }
  if (const HistogramFault fault = Reduce(settings); fault != HistogramFault::kNone) return fault;
  if (!Check(histogram)) return HistogramFault::kInvalid;
  Encode(histogram, out);
  return HistogramFault::kNone;
}

// The buckets that are not empty, each with its index. Counts of whole numbers wrap around.
bool HistogramEncoder::Read(const HistogramSide& side, Buckets& buckets) {
  buckets.clear();
  int64_t index = 0;
  size_t place = 0;
  uint64_t count = 0;
  for (const BucketSpan& span : side.spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index, ++place) {
      Bucket bucket{index, 0, 0};
      if (is_float_) {
        bucket.count_float = side.counts[place];
        if (bucket.count_float == 0) continue;
      } else {
        count += static_cast<uint64_t>(side.deltas[place]);
        bucket.count = count;
        if (count == 0) continue;
      }
      if (static_cast<int64_t>(bucket.count) < 0 || bucket.count_float < 0) {
        fault_ = "a bucket's count is negative";
        return false;
      }
      if (!buckets.empty() && index <= buckets.back().index) {
        fault_ = "a span's offset is negative";
        return false;
      }
      if (index > kIndexMax || index < -kIndexMax) {
        fault_ = "a span is too far from zero";
        return false;
      }
      buckets.push_back(bucket);
    }
  }
  return true;
}

HistogramFault HistogramEncoder::Reduce(const HistogramSettings& settings) {
  const auto merge = [](Buckets& buckets, int32_t by) {
    size_t kept = 0;
    for (const Bucket& bucket : buckets) {
      const int64_t index = ((bucket.index - 1) >> by) + 1;
      if (kept > 0 && buckets[kept - 1].index == index) {
        buckets[kept - 1].count += bucket.count;
        buckets[kept - 1].count_float += bucket.count_float;
      } else {
        buckets[kept++] = {index, bucket.count, bucket.count_float};
      }
    }
    buckets.resize(kept);
  };
  const auto reduce_to = [&](int32_t schema) {
    merge(negative_, schema_ - schema);
    merge(positive_, schema_ - schema);
    schema_ = schema;
  };
  // Only where it was asked for: else what is too fine is refused, as in Prometheus.
  if (settings.schema_max < kExponentialSchemaMax && schema_ > settings.schema_max &&
      schema_ <= kKnownSchemaMax && schema_ >= kKnownSchemaMin) {
    reduce_to(settings.schema_max);
  }
  if (settings.bucket_limit == 0) return HistogramFault::kNone;
  while (negative_.size() + positive_.size() > settings.bucket_limit) {
    if (schema_ <= kExponentialSchemaMin || schema_ > kExponentialSchemaMax) {
      fault_ = "native_histogram_bucket_limit exceeded";
      return HistogramFault::kBucketLimit;
    }
    reduce_to(schema_ - 1);
  }
  return HistogramFault::kNone;
}

bool HistogramEncoder::Check(const NativeHistogram& histogram) {
  if (schema_ == kCustomBucketsSchema) {
    const auto last = static_cast<int64_t>(histogram.custom_bounds.size());
    const bool good =
        negative_.empty() && histogram.zero_threshold == 0 &&
        (is_float_ ? histogram.zero_count_float == 0 : histogram.zero_count == 0) &&
        (positive_.empty() || (positive_.front().index >= 0 && positive_.back().index <= last));
    if (!good) fault_ = "custom buckets without their bounds";
    return good && CheckCount(histogram);
  }
  if (schema_ < kExponentialSchemaMin || schema_ > kExponentialSchemaMax) {
    fault_ = "the schema is not within -4 to 8";
    return false;
  }
  return CheckCount(histogram);
}

bool HistogramEncoder::CheckCount(const NativeHistogram& histogram) {
  if (is_float_) {
    const bool good = !(histogram.count_float < 0) && !(histogram.zero_count_float < 0);
    if (!good) fault_ = "a count is negative";
    return good;
  }
  uint64_t in_buckets = histogram.zero_count;
  for (const Bucket& bucket : negative_) in_buckets += bucket.count;
  for (const Bucket& bucket : positive_) in_buckets += bucket.count;
  // What was observed as NaN is in the count and in no bucket.
  const bool good =
      std::isnan(histogram.sum) ? in_buckets <= histogram.count : in_buckets == histogram.count;
  if (!good) fault_ = "the count is not that of the buckets";
  return good;
}

void HistogramEncoder::Encode(const NativeHistogram& histogram, std::string& out) {
  if (is_float_) {
    AppendDoubleField(kCountFloat, histogram.count_float, out);
  } else {
    out += kCountInt;
    AppendVarint(histogram.count, out);
  }
  AppendDoubleField(kSum, WithoutStaleNan(histogram.sum), out);
  if (schema_ != 0) {
    out += kSchema;
    AppendVarint(ZigZag(schema_), out);
  }
  if (histogram.zero_threshold != 0) {
    AppendDoubleField(kZeroThreshold, histogram.zero_threshold, out);
  }
  if (is_float_) {
    AppendDoubleField(kZeroCountFloat, histogram.zero_count_float, out);
  } else {
    out += kZeroCountInt;
    AppendVarint(histogram.zero_count, out);
  }
  EncodeSide(negative_, kNegativeSpans, kNegativeDeltas, kNegativeCounts, out);
  EncodeSide(positive_, kPositiveSpans, kPositiveDeltas, kPositiveCounts, out);
  if (histogram.is_gauge) {
    out += kResetHint;
    out += kResetHintGauge;
  }
  if (histogram.custom_bounds.empty()) return;
  out += kCustomValues;
  AppendVarint(histogram.custom_bounds.size() * sizeof(double), out);
  out.append(reinterpret_cast<const char*>(histogram.custom_bounds.data()),
             histogram.custom_bounds.size() * sizeof(double));
}

void HistogramEncoder::EncodeSide(const Buckets& buckets, char spans_tag, char deltas_tag,
                                  char counts_tag, std::string& out) {
  int64_t behind = 0;  // the last span
  for (size_t i = 0; i < buckets.size();) {
    size_t end = i + 1;
    while (end < buckets.size() && buckets[end].index == buckets[end - 1].index + 1) ++end;
    char span[2 + 2 * kVarintBytesMax];
    char* p = span;
    if (buckets[i].index != behind) {
      *p++ = kSpanOffset;
      p = WriteVarint(p, ZigZag(buckets[i].index - behind));
    }
    *p++ = kSpanLength;
    p = WriteVarint(p, end - i);
    AppendField(spans_tag, {span, static_cast<size_t>(p - span)}, out);
    behind = buckets[end - 1].index + 1;
    i = end;
  }
  if (buckets.empty()) return;
  packed_.Clear();
  char* p = packed_.Reserve(buckets.size() * kVarintBytesMax);
  uint64_t before = 0;
  for (const Bucket& bucket : buckets) {
    if (is_float_) {
      std::memcpy(p, &bucket.count_float, sizeof(double));
      p += sizeof(double);
    } else {
      p = WriteVarint(p, ZigZag(static_cast<int64_t>(bucket.count - before)));
      before = bucket.count;
    }
  }
  packed_.SetEnd(p);
  AppendField(is_float_ ? counts_tag : deltas_tag, packed_.view(), out);
}

}  // namespace limpet
