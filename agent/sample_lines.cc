#include "agent/sample_lines.h"

#include "agent/platform/timestamp.h"
#include "agent/scrape/protobuf_wire.h"
#include "agent/web/json_writer.h"
#include "queue/record_bytes.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

// What a reader wants to see first of a native histogram.
struct HistogramSummary {
  double count = 0;
  double sum = 0;
  int64_t schema = 0;
  uint64_t buckets = 0;  // of both signs, those in gaps not counted
};

uint64_t BucketsOf(std::string_view span) {
  constexpr uint32_t kLength = 2;
  WireFields fields(span);
  uint64_t length = 0;
  while (fields.Next()) {
    if (fields.number() == kLength) length = fields.varint();
  }
  return length;
}

HistogramSummary SummaryOf(std::string_view message) {
  // Of a Histogram in remote_write_v2.proto.
  constexpr uint32_t kCountInt = 1, kCountFloat = 2, kSum = 3, kSchema = 4;
  constexpr uint32_t kNegativeSpans = 8, kPositiveSpans = 11;
  HistogramSummary summary;
  WireFields fields(message);
  while (fields.Next()) {
    const uint32_t number = fields.number();
    if (number == kCountInt) summary.count = static_cast<double>(fields.varint());
    if (number == kCountFloat) summary.count = fields.fixed64();
    if (number == kSum) summary.sum = fields.fixed64();
    if (number == kSchema) summary.schema = UnZigZag(fields.varint());
    if (number == kNegativeSpans || number == kPositiveSpans) {
      summary.buckets += BucketsOf(fields.bytes());
    }
  }
  return summary;
}

void AppendHistogram(std::string_view message, std::string& line) {
  const HistogramSummary summary = SummaryOf(message);
  line.append("{count:");
  AppendSampleValue(summary.count, line);
  line.append(",sum:");
  AppendSampleValue(summary.sum, line);
  line.append(",schema:").append(std::to_string(summary.schema));
  line.append(",buckets:").append(std::to_string(summary.buckets)).append("}");
}

void WriteHistogram(std::string_view message, JsonWriter& json) {
  const HistogramSummary summary = SummaryOf(message);
  std::string count;
  AppendSampleValue(summary.count, count);
  std::string sum;
  AppendSampleValue(summary.sum, sum);
  json.StartObject();
  json.Field("count", count);
  json.Field("sum", sum);
  json.Field("schema", summary.schema);
  json.Field("buckets", summary.buckets);
  json.EndObject();
}

}  // namespace

void AppendTextLine(const SampleLine& sample, std::string& line) {
  line.append(FormatTimestamp(sample.timestamp_ms)).append(" ");
  AppendSeries(sample.labels, TextReader::kTerminal, line);
  line.push_back(' ');
  if (sample.histogram.empty()) {
    AppendSampleValue(sample.value, line);
  } else {
    AppendHistogram(sample.histogram, line);
  }
  if (sample.metadata.type != MetricType::kUnknown) {
    line.append(" # ").append(MetricTypeName(sample.metadata.type));
  }
  line.push_back('\n');
}

void AppendJsonLine(const SampleLine& sample, std::string& line) {
  const MetricMetadata& metadata = sample.metadata;
  std::string value;
  AppendSampleValue(sample.value, value);
  std::string text;
  JsonWriter json(text);
  json.StartObject();
  json.Field("timestamp_ms", sample.timestamp_ms);
  json.Key("labels");
  json.Object(sample.labels);
  if (sample.histogram.empty()) {
    json.Field("value", value);
  } else {
    json.Key("histogram");
    WriteHistogram(sample.histogram, json);
  }
  if (metadata.type != MetricType::kUnknown) json.Field("type", MetricTypeName(metadata.type));
  if (!metadata.help.empty()) json.Field("help", metadata.help);
  if (!metadata.unit.empty()) json.Field("unit", metadata.unit);
  json.EndObject();
  line.append(JsonForTerminal(text)).push_back('\n');
}

}  // namespace limpet
