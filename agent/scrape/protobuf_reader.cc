#include "agent/scrape/protobuf_reader.h"

#include <bit>

#include "agent/scrape/error_excerpt.h"
#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/protobuf_histogram.h"
#include "agent/scrape/protobuf_wire.h"
#include "agent/scrape/scraped_labels.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// Fields of MetricFamily.
constexpr uint32_t kName = 1;
constexpr uint32_t kHelp = 2;
constexpr uint32_t kType = 3;
constexpr uint32_t kMetric = 4;
constexpr uint32_t kUnit = 5;
constexpr int kDelimiterBytesMax = 5;

bool IsSimple(ProtobufType type) {
  return type == ProtobufType::kCounter || type == ProtobufType::kGauge ||
         type == ProtobufType::kUntyped;
}

MetricType MetricTypeOf(ProtobufType type) {
  switch (type) {
    case ProtobufType::kCounter:
      return MetricType::kCounter;
    case ProtobufType::kGauge:
      return MetricType::kGauge;
    case ProtobufType::kSummary:
      return MetricType::kSummary;
    case ProtobufType::kHistogram:
      return MetricType::kHistogram;
    case ProtobufType::kGaugeHistogram:
      return MetricType::kGaugeHistogram;
    default:
      return MetricType::kUnknown;
  }
}

// A field of a family that is a text.
const char* TakeText(const WireFields& field, std::string_view& out) {
  if (!field.Is(WireType::kBytes)) return kWrongWireType;
  out = field.bytes();
  return nullptr;
}

std::string_view SuffixOf(ProtobufSample::Part part) {
  switch (part) {
    case ProtobufSample::Part::kCount:
      return "_count";
    case ProtobufSample::Part::kSum:
      return "_sum";
    case ProtobufSample::Part::kBucket:
      return "_bucket";
    default:
      return "";
  }
}

Result<Label> DecodeLabel(std::string_view message) {
  WireFields field(message);
  Label label;
  while (field.Next()) {
    if (field.number() > 2) continue;
    if (!field.Is(WireType::kBytes)) return Error{kWrongWireType};
    (field.number() == 1 ? label.name : label.value) = field.bytes();
  }
  if (!field.well_formed()) return Error{kMalformedMessage};
  if (!IsUtf8Name(label.name)) return Error{"invalid label name"};
  if (!IsAsciiOrUtf8(label.value)) return Error{"label value is not valid UTF-8"};
  return label;
}

}  // namespace

bool ProtobufReader::Next(ProtobufSample& sample, const char*& wrong) {
  wrong = nullptr;
  while (part_ >= parts_end_) {
    if (NextMetric(wrong)) break;
    if (wrong != nullptr || !NextFamily(wrong)) return false;
  }
  Fill(sample);
  return true;
}

bool ProtobufReader::NextFamily(const char*& wrong) {
  if (p_ == end_) return false;
  uint64_t size = 0;
  if (!ReadWireVarint(p_, end_, kDelimiterBytesMax, size)) {
    wrong = "malformed length of a metric family";
    return false;
  }
  if (size > static_cast<uint64_t>(end_ - p_)) {
    wrong = "metric family goes beyond the end of the page";
    return false;
  }
  const std::string_view message(p_, size);
  p_ += size;
  wrong = ReadFamily(message);
  return wrong == nullptr;
}

const char* ProtobufReader::ReadFamily(std::string_view message) {
  const TextHash& hash = TextHash::Instance();
  family_ = {};
  metrics_ = {};
  int32_t type = 0;
  const char* said = message.data();  // begin of what stands between metrics
  const auto fold = [&](const char* end) {
    if (end == said) return;
    const auto size = static_cast<size_t>(end - said);
    family_.hash = family_.hash * 0x9e3779b97f4a7c15 + (hash(said, size) ^ size);
  };
  WireFields field(message);
  while (field.Next()) {
    const char* wrong = nullptr;
    switch (field.number()) {
      case kName:
        wrong = TakeText(field, family_.name);
        break;
      case kHelp:
        wrong = TakeText(field, family_.help);
        break;
      case kType:
        wrong = TakeVarint(field, type);
        break;
      case kMetric:
        if (!field.Is(WireType::kBytes)) return kWrongWireType;
        fold(field.begin());
        said = field.end();
        if (metrics_.empty()) {
          metrics_ = message.substr(static_cast<size_t>(field.begin() - message.data()));
        }
        break;
      case kUnit:
        wrong = TakeText(field, family_.unit);
        break;
      default:
        break;
    }
    if (wrong != nullptr) return wrong;
  }
  if (!field.well_formed()) return kMalformedMessage;
  fold(field.end());
  family_.name_hash = hash(family_.name);
  family_.type = static_cast<ProtobufType>(type);
  begins_family_ = true;
  const bool known = type >= 0 && type <= static_cast<int32_t>(ProtobufType::kGaugeHistogram);
  return known || metrics_.empty() ? nullptr : "unknown metric type";
}

bool ProtobufReader::NextMetric(const char*& wrong) {
  WireFields field(metrics_);
  while (field.Next()) {
    if (field.number() != kMetric) continue;
    metrics_.remove_prefix(static_cast<size_t>(field.end() - metrics_.data()));
    metric_message_ = field.bytes();
    wrong = ReadProtobufMetric(metric_message_, family_.type, metric_);
    if (wrong != nullptr) return false;
    if (IsSimple(family_.type)) {
      part_ = 0;
      parts_end_ = 1;
      return true;
    }
    part_ = kAtCount;
    parts_end_ = static_cast<int64_t>(metric_.buckets.size());
    if (family_.type != ProtobufType::kSummary) wrong = BeginHistogram();
    return wrong == nullptr;
  }
  metrics_ = {};
  return false;
}

const char* ProtobufReader::BeginHistogram() {
  const bool native = settings_.native && metric_.native.is_native();
  if (!native && !settings_.convert) return nullptr;
  part_ = kAtHistogram;
  if (!settings_.always_classic || (native && !metric_.has_buckets)) parts_end_ = kAtHistogram + 1;
  if (!native) return MakeNative(metric_);
  if (metric_.native.is_consistent()) return nullptr;
  return "spans and buckets of a native histogram do not match";
}

void ProtobufReader::Fill(ProtobufSample& sample) {
  using Part = ProtobufSample::Part;
  sample.begins_family = begins_family_;
  begins_family_ = false;
  sample.identity = metric_.labels_hash ^ family_.name_hash;
  sample.exemplars = {};
  sample.tail.timestamp_ms = metric_.timestamp_ms;
  sample.tail.has_timestamp = metric_.timestamp_ms != 0;
  uint32_t exemplar = ProtobufBucket::kNone;
  if (IsSimple(family_.type)) {
    sample.part = Part::kValue;
    sample.tail.value = metric_.value;
    exemplar = metric_.exemplar;
  } else if (part_ == kAtHistogram) {
    sample.part = Part::kNativeHistogram;
    sample.tail.value = metric_.sum;
    sample.exemplars = metric_.native_exemplars;
  } else if (part_ < 0) {
    sample.part = part_ == kAtCount ? Part::kCount : Part::kSum;
    sample.tail.value = part_ == kAtCount ? metric_.count : metric_.sum;
  } else {
    const ProtobufBucket& bucket = metric_.buckets[static_cast<size_t>(part_)];
    sample.part = family_.type == ProtobufType::kSummary ? Part::kQuantile : Part::kBucket;
    sample.bound = bucket.bound;
    sample.identity ^= std::bit_cast<uint64_t>(bucket.bound) * 0x9e3779b97f4a7c15;
    sample.tail.value = bucket.value;
    exemplar = bucket.exemplar;
  }
  if (exemplar != ProtobufBucket::kNone) {
    sample.exemplars = std::span(metric_.exemplars).subspan(exemplar, 1);
  }
  sample.tail.value = WithoutStaleNan(sample.tail.value);
  ++part_;
}

Result<void> ProtobufReader::CheckFamily() const {
  if (!IsUtf8Name(family_.name)) return Fail("invalid metric name");
  if (!IsAsciiOrUtf8(family_.help)) return Fail("help text is not valid UTF-8");
  return {};
}

void ProtobufReader::AppendMetadata(std::vector<MetadataLine>& lines) const {
  lines.push_back({MetadataLine::Kind::kHelp, MetricType::kUnknown, family_.name, family_.help});
  // Prometheus does not look at it; what is no text cannot be delivered.
  if (!family_.unit.empty() && IsAsciiOrUtf8(family_.unit)) {
    lines.push_back({MetadataLine::Kind::kUnit, MetricType::kUnknown, family_.name, family_.unit});
  }
  lines.push_back({MetadataLine::Kind::kType, MetricTypeOf(family_.type), family_.name, {}});
}

Result<void> ProtobufReader::DecodeLabels(const ProtobufSample& sample,
                                          std::vector<Label>& labels) const {
  labels.clear();
  labels.push_back({"__name__", std::string(family_.name)});
  labels[0].value += SuffixOf(sample.part);
  WireFields field(metric_message_);
  while (field.Next()) {
    if (field.number() != 1) continue;
    Result<Label> label =
        labels.size() > kLabelsPerSampleMax ? Error{"too many labels"} : DecodeLabel(field.bytes());
    if (!label) {
      labels.clear();
      return label.error();
    }
    labels.push_back(std::move(*label));
  }
  if (sample.part == ProtobufSample::Part::kBucket) {
    labels.push_back({std::string(kBucketLabel), FloatLabel(sample.bound)});
  } else if (sample.part == ProtobufSample::Part::kQuantile) {
    labels.push_back({"quantile", FloatLabel(sample.bound)});
  }
  return SortUniqueLabels(labels);
}

Result<std::vector<Label>> ProtobufExemplarLabels(std::string_view message) {
  std::vector<Label> labels;
  WireFields field(message);
  while (field.Next()) {
    if (field.number() != 1) continue;
    if (labels.size() == kLabelsPerSampleMax) return Error{"too many labels"};
    Result<Label> label = DecodeLabel(field.bytes());
    if (!label) return label.error();
    labels.push_back(std::move(*label));
  }
  return labels;
}

Error ProtobufReader::Fail(const char* what) const {
  return Error{"metric family " + QuotedExcerpt(family_.name) + " before byte " +
               std::to_string(p_ - begin_) + ": " + what};
}

}  // namespace limpet
