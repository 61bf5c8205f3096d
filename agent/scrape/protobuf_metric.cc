#include "agent/scrape/protobuf_metric.h"

#include "agent/scrape/page_format.h"
#include "agent/scrape/protobuf_histogram.h"
#include "agent/scrape/protobuf_wire.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// Fields of Metric.
constexpr uint32_t kLabel = 1;
constexpr uint32_t kGauge = 2;
constexpr uint32_t kCounter = 3;
constexpr uint32_t kSummary = 4;
constexpr uint32_t kUntyped = 5;
constexpr uint32_t kTimestampMs = 6;
constexpr uint32_t kHistogram = 7;

// The labels' bytes, which as a rule stand together and are hashed at once.
class LabelsHash {
 public:
  void Add(const char* begin, const char* end) {
    if (begin != end_) {
      Flush();
      begin_ = begin;
    }
    end_ = end;
  }
  uint64_t Finish() {
    Flush();
    return hash_;
  }

 private:
  void Flush() {
    if (begin_ == end_) return;
    const auto size = static_cast<size_t>(end_ - begin_);
    hash_ = hash_ * 0x9e3779b97f4a7c15 + (TextHash::Instance()(begin_, size) ^ size);
  }
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  uint64_t hash_ = 0;
};

// Gauge, Untyped and Counter: a value, of the last one an exemplar too.
const char* ReadSimple(std::string_view message, bool is_counter, ProtobufMetric& metric) {
  WireFields field(message);
  while (field.Next()) {
    const char* wrong = nullptr;
    if (field.number() == 1) {
      wrong = TakeDouble(field, metric.value);
    } else if (field.number() == 2 && is_counter) {
      if (!field.Is(WireType::kBytes)) return kWrongWireType;
      metric.exemplar = static_cast<uint32_t>(metric.exemplars.size());
      wrong = ReadProtobufExemplar(field.bytes(), metric.exemplars.emplace_back());
    }
    if (wrong != nullptr) return wrong;
  }
  return field.well_formed() ? nullptr : kMalformedMessage;
}

const char* ReadQuantile(const WireFields& quantile, std::vector<ProtobufBucket>& quantiles) {
  if (!quantile.Is(WireType::kBytes)) return kWrongWireType;
  WireFields field(quantile.bytes());
  ProtobufBucket read;
  while (field.Next()) {
    const char* wrong = nullptr;
    if (field.number() == 1) wrong = TakeDouble(field, read.bound);
    if (field.number() == 2) wrong = TakeDouble(field, read.value);
    if (wrong != nullptr) return wrong;
  }
  if (quantiles.size() == kSamplesPerPageMax) return "too many quantiles";
  quantiles.push_back(read);
  return field.well_formed() ? nullptr : kMalformedMessage;
}

const char* ReadSummary(std::string_view message, uint64_t& count, ProtobufMetric& metric) {
  WireFields field(message);
  while (field.Next()) {
    const char* wrong = nullptr;
    switch (field.number()) {
      case 1:
        wrong = TakeVarint(field, count);
        break;
      case 2:
        wrong = TakeDouble(field, metric.sum);
        break;
      case 3:
        wrong = ReadQuantile(field, metric.buckets);
        break;
      default:
        break;
    }
    if (wrong != nullptr) return wrong;
  }
  return field.well_formed() ? nullptr : kMalformedMessage;
}

// The field that has a metric's value in a family of this type.
uint32_t ValueField(ProtobufType type) {
  switch (type) {
    case ProtobufType::kCounter:
      return kCounter;
    case ProtobufType::kGauge:
      return kGauge;
    case ProtobufType::kSummary:
      return kSummary;
    case ProtobufType::kUntyped:
      return kUntyped;
    default:
      return kHistogram;
  }
}

void Clear(ProtobufMetric& metric, uint32_t value_field) {
  metric.timestamp_ms = 0;
  metric.value = 0;
  metric.exemplar = ProtobufBucket::kNone;
  metric.exemplars.clear();
  if (value_field != kSummary && value_field != kHistogram) return;
  metric.sum = 0;
  metric.buckets.clear();
  metric.native.Clear();
  metric.native_exemplars.clear();
}

bool IsMessage(uint32_t field) {
  return field == kLabel || (field != kTimestampMs && field <= kHistogram);
}

}  // namespace

const char* ReadProtobufMetric(std::string_view message, ProtobufType type,
                               ProtobufMetric& metric) {
  const uint32_t value_field = ValueField(type);
  Clear(metric, value_field);
  LabelsHash labels;
  uint64_t summary_count = 0;
  HistogramCounts histogram;
  WireFields field(message);
  while (field.Next()) {
    if (IsMessage(field.number()) && !field.Is(WireType::kBytes)) return kWrongWireType;
    const char* wrong = nullptr;
    if (field.number() == kLabel) {
      labels.Add(field.begin(), field.end());
    } else if (field.number() == kTimestampMs) {
      wrong = TakeVarint(field, metric.timestamp_ms);
    } else if (field.number() == value_field) {
      if (value_field == kHistogram) {
        wrong = ReadProtobufHistogram(field.bytes(), histogram, metric);
      } else if (value_field == kSummary) {
        wrong = ReadSummary(field.bytes(), summary_count, metric);
      } else {
        wrong = ReadSimple(field.bytes(), value_field == kCounter, metric);
      }
    }
    if (wrong != nullptr) return wrong;
  }
  if (!field.well_formed()) return kMalformedMessage;
  metric.labels_hash = labels.Finish();
  if (value_field == kSummary) metric.count = static_cast<double>(summary_count);
  if (value_field == kHistogram) {
    metric.native.is_gauge = type == ProtobufType::kGaugeHistogram;
    FinishProtobufHistogram(histogram, metric);
  }
  return nullptr;
}

}  // namespace limpet
