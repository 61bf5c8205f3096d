#include "agent/scrape/protobuf_histogram.h"

#include <cmath>
#include <limits>

#include "agent/scrape/page_format.h"
#include "queue/record_bytes.h"

namespace limpet {
namespace {

constexpr size_t kNativeExemplarsMax = 1000;

// Fields of Histogram.
constexpr uint32_t kSampleCount = 1;
constexpr uint32_t kSampleSum = 2;
constexpr uint32_t kBucket = 3;
constexpr uint32_t kSampleCountFloat = 4;
constexpr uint32_t kSchemaField = 5;
constexpr uint32_t kZeroThresholdField = 6;
constexpr uint32_t kZeroCount = 7;
constexpr uint32_t kZeroCountFloatField = 8;
constexpr uint32_t kNegativeSpan = 9;
constexpr uint32_t kNegativeDelta = 10;
constexpr uint32_t kNegativeCount = 11;
constexpr uint32_t kPositiveSpan = 12;
constexpr uint32_t kPositiveDelta = 13;
constexpr uint32_t kPositiveCount = 14;
constexpr uint32_t kExemplars = 16;

const char* ReadTimestamp(std::string_view message, int64_t& timestamp_ms) {
  WireFields field(message);
  int64_t seconds = 0;
  int32_t nanos = 0;
  while (field.Next()) {
    const char* wrong = nullptr;
    if (field.number() == 1) wrong = TakeVarint(field, seconds);
    if (field.number() == 2) wrong = TakeVarint(field, nanos);
    if (wrong != nullptr) return wrong;
  }
  // What does not fit wraps around, as in Prometheus.
  timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(seconds) * 1000 +
                                      static_cast<uint64_t>(nanos / 1'000'000));
  return field.well_formed() ? nullptr : kMalformedMessage;
}

const char* ReadBucket(std::string_view message, ProtobufMetric& metric) {
  WireFields field(message);
  ProtobufBucket bucket;
  uint64_t count = 0;
  double count_float = 0;
  while (field.Next()) {
    const char* wrong = nullptr;
    switch (field.number()) {
      case 1:
        wrong = TakeVarint(field, count);
        break;
      case 2:
        wrong = TakeDouble(field, bucket.bound);
        break;
      case 3:
        if (!field.Is(WireType::kBytes)) return kWrongWireType;
        // As everywhere the last one counts; its fields are not joined with those of one before.
        bucket.exemplar = static_cast<uint32_t>(metric.exemplars.size());
        wrong = ReadProtobufExemplar(field.bytes(), metric.exemplars.emplace_back());
        break;
      case 4:
        wrong = TakeDouble(field, count_float);
        break;
      default:
        break;
    }
    if (wrong != nullptr) return wrong;
  }
  bucket.value = count_float != 0 ? count_float : static_cast<double>(count);
  if (metric.buckets.size() == kSamplesPerPageMax) return "too many buckets";
  metric.buckets.push_back(bucket);
  return field.well_formed() ? nullptr : kMalformedMessage;
}

const char* ReadSpan(const WireFields& span, std::vector<BucketSpan>& spans) {
  if (!span.Is(WireType::kBytes)) return kWrongWireType;
  WireFields field(span.bytes());
  BucketSpan read;
  while (field.Next()) {
    const char* wrong = nullptr;
    if (field.number() == 1) {
      uint32_t offset = 0;
      wrong = TakeVarint(field, offset);
      read.offset = static_cast<int32_t>(UnZigZag(offset));
    }
    if (field.number() == 2) wrong = TakeVarint(field, read.length);
    if (wrong != nullptr) return wrong;
  }
  if (spans.size() == kHistogramBucketsMax) return "too many spans in a histogram";
  spans.push_back(read);
  return field.well_formed() ? nullptr : kMalformedMessage;
}

constexpr const char* kTooManyBuckets = "too many buckets in a histogram";

const char* ReadDeltas(const WireFields& field, std::vector<int64_t>& deltas) {
  if (field.Is(WireType::kVarint)) {
    if (deltas.size() == kHistogramBucketsMax) return kTooManyBuckets;
    deltas.push_back(UnZigZag(field.varint()));
    return nullptr;
  }
  if (!field.Is(WireType::kBytes)) return kWrongWireType;
  const char* p = field.bytes().data();
  const char* end = p + field.bytes().size();
  while (p != end) {
    uint64_t value = 0;
    if (!ReadWireVarint(p, end, 10, value)) return kMalformedMessage;
    if (deltas.size() == kHistogramBucketsMax) return kTooManyBuckets;
    deltas.push_back(UnZigZag(value));
  }
  return nullptr;
}

const char* ReadCounts(const WireFields& field, std::vector<double>& counts) {
  const bool packed = field.Is(WireType::kBytes);
  if (!packed && !field.Is(WireType::kFixed64)) return kWrongWireType;
  const size_t read = packed ? field.bytes().size() / sizeof(double) : 1;
  if (packed && field.bytes().size() % sizeof(double) != 0) return kMalformedMessage;
  if (read > kHistogramBucketsMax - counts.size()) return kTooManyBuckets;
  if (!packed) {
    counts.push_back(field.fixed64());
    return nullptr;
  }
  const size_t had = counts.size();
  counts.resize(had + read);
  if (read > 0) std::memcpy(counts.data() + had, field.bytes().data(), field.bytes().size());
  return nullptr;
}

const char* ReadNativeExemplar(const WireFields& field, ProtobufMetric& metric) {
  if (!field.Is(WireType::kBytes)) return kWrongWireType;
  RawExemplar exemplar;
  if (const char* wrong = ReadProtobufExemplar(field.bytes(), exemplar)) return wrong;
  if (metric.native_exemplars.size() < kNativeExemplarsMax) {
    metric.native_exemplars.push_back(exemplar);
  }
  return nullptr;
}

const char* ReadNativeField(const WireFields& field, NativeHistogram& native) {
  switch (field.number()) {
    case kSchemaField: {
      uint32_t schema = 0;
      const char* wrong = TakeVarint(field, schema);
      native.schema = static_cast<int32_t>(UnZigZag(schema));
      return wrong;
    }
    case kZeroThresholdField:
      return TakeDouble(field, native.zero_threshold);
    case kZeroCount:
      return TakeVarint(field, native.zero_count);
    case kZeroCountFloatField:
      return TakeDouble(field, native.zero_count_float);
    case kNegativeSpan:
      return ReadSpan(field, native.negative.spans);
    case kNegativeDelta:
      return ReadDeltas(field, native.negative.deltas);
    case kNegativeCount:
      return ReadCounts(field, native.negative.counts);
    case kPositiveSpan:
      return ReadSpan(field, native.positive.spans);
    case kPositiveDelta:
      return ReadDeltas(field, native.positive.deltas);
    case kPositiveCount:
      return ReadCounts(field, native.positive.counts);
    default:
      return nullptr;
  }
}

// Without exemplars of its own the native histogram has those of the buckets.
void SiftNativeExemplars(ProtobufMetric& metric) {
  if (metric.native_exemplars.empty()) metric.native_exemplars = metric.exemplars;
  std::erase_if(metric.native_exemplars,
                [](const RawExemplar& exemplar) { return !exemplar.has_timestamp; });
}

}  // namespace

const char* ReadProtobufExemplar(std::string_view message, RawExemplar& exemplar) {
  WireFields field(message);
  exemplar = RawExemplar();
  exemplar.labels = message;
  while (field.Next()) {
    const char* wrong = nullptr;
    switch (field.number()) {
      case 1:
        if (!field.Is(WireType::kBytes)) return kWrongWireType;
        break;
      case 2:
        wrong = TakeDouble(field, exemplar.value);
        break;
      case 3:
        if (!field.Is(WireType::kBytes)) return kWrongWireType;
        exemplar.has_timestamp = true;
        wrong = ReadTimestamp(field.bytes(), exemplar.timestamp_ms);
        break;
      default:
        break;
    }
    if (wrong != nullptr) return wrong;
  }
  exemplar.value = WithoutStaleNan(exemplar.value);
  return field.well_formed() ? nullptr : kMalformedMessage;
}

const char* ReadProtobufHistogram(std::string_view message, HistogramCounts& counts,
                                  ProtobufMetric& metric) {
  WireFields field(message);
  while (field.Next()) {
    const char* wrong = nullptr;
    switch (field.number()) {
      case kSampleCount:
        wrong = TakeVarint(field, counts.count);
        break;
      case kSampleSum:
        wrong = TakeDouble(field, metric.sum);
        break;
      case kBucket:
        wrong = field.Is(WireType::kBytes) ? ReadBucket(field.bytes(), metric) : kWrongWireType;
        break;
      case kSampleCountFloat:
        wrong = TakeDouble(field, counts.count_float);
        break;
      case kExemplars:
        wrong = ReadNativeExemplar(field, metric);
        break;
      default:
        wrong = ReadNativeField(field, metric.native);
        break;
    }
    if (wrong != nullptr) return wrong;
  }
  return field.well_formed() ? nullptr : kMalformedMessage;
}

void FinishProtobufHistogram(const HistogramCounts& counts, ProtobufMetric& metric) {
  metric.native.count = counts.count;
  metric.native.count_float = counts.count_float;
  metric.native.sum = metric.sum;
  metric.count = counts.count_float != 0 ? counts.count_float : static_cast<double>(counts.count);
  if (metric.native.is_native()) SiftNativeExemplars(metric);
  metric.has_buckets = !metric.buckets.empty();
  // What is behind the bucket for all is not read; it is added where it is not there.
  for (size_t i = 0; i < metric.buckets.size(); ++i) {
    if (metric.buckets[i].bound == std::numeric_limits<double>::infinity()) {
      metric.buckets.resize(i + 1);
      return;
    }
  }
  metric.buckets.push_back(
      {std::numeric_limits<double>::infinity(), metric.count, ProtobufBucket::kNone});
}

const char* MakeNative(ProtobufMetric& metric) {
  metric.classic.Clear();
  metric.classic.SetCount(metric.count);
  metric.classic.SetSum(metric.sum);
  for (const ProtobufBucket& bucket : metric.buckets) {
    metric.classic.AddBucket(bucket.bound, bucket.value);
  }
  SiftNativeExemplars(metric);
  return metric.classic.Convert(metric.native);
}

}  // namespace limpet
