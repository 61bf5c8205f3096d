#include "agent/log_dump.h"

#include <cstdio>
#include <iostream>

#include "agent/log_verify.h"
#include "agent/platform/timestamp.h"
#include "agent/sample_lines.h"
#include "agent/web/json_writer.h"
#include "queue/log_inspect.h"
#include "queue/record_fields.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

SampleLine LineOf(const SelectedSample& sample) {
  return {sample.labels, sample.timestamp_ms, sample.value, NoMetadata(), sample.histogram};
}

Labels LabelsOf(const ExemplarSample& exemplar) {
  std::vector<Label> labels;
  std::string_view rest = exemplar.labels;
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(rest, name, value)) {
    labels.push_back({std::string(name), std::string(value)});
  }
  return Labels(std::move(labels));
}

void AppendTextExemplars(const SelectedSample& sample, std::string& lines) {
  for (const ExemplarSample& exemplar : sample.exemplars) {
    lines.append(FormatTimestamp(exemplar.timestamp_ms)).append(" ");
    AppendSeries(sample.labels, TextReader::kTerminal, lines);
    lines.push_back(' ');
    AppendSampleValue(exemplar.value, lines);
    lines.append(" # exemplar ");
    AppendSeries(LabelsOf(exemplar), TextReader::kTerminal, lines);
    lines.push_back('\n');
  }
}

void AppendJsonExemplars(const SelectedSample& sample, std::string& lines) {
  for (const ExemplarSample& exemplar : sample.exemplars) {
    std::string value;
    AppendSampleValue(exemplar.value, value);
    std::string text;
    JsonWriter json(text);
    json.StartObject();
    json.Field("timestamp_ms", exemplar.timestamp_ms);
    json.Key("labels");
    json.Object(sample.labels);
    json.Key("exemplar");
    json.StartObject();
    json.Key("labels");
    json.Object(LabelsOf(exemplar));
    json.Field("value", value);
    json.EndObject();
    json.EndObject();
    lines.append(JsonForTerminal(text)).push_back('\n');
  }
}

void AppendOpenMetricsLine(const SelectedSample& sample, std::string& line) {
  if (IsStaleNan(sample.value) || !sample.histogram.empty()) return;
  AppendSeries(sample.labels, TextReader::kOpenMetrics, line);
  line.push_back(' ');
  if (sample.value != sample.value) {
    line.append("NaN");
  } else {
    AppendSampleValue(sample.value, line);
  }
  const auto ms = static_cast<long long>(sample.timestamp_ms);
  char time[32];
  std::snprintf(time, sizeof time, " %s%lld.%03lld\n", ms < 0 ? "-" : "", std::llabs(ms / 1000),
                std::llabs(ms % 1000));
  line.append(time);
}

class RecordDump : public SegmentVisitor {
 public:
  RecordDump(const DumpOptions& options, StandardOutput& out) : options_(options), out_(out) {}

  void BeginSegment(uint64_t number) { number_ = number; }
  bool done() const { return done_; }
  bool damaged() const { return damaged_; }

  void OnHeader(const SegmentHeader& header) override { created_ms_ = header.created_ms; }

  bool OnRecord(const InspectedRecord& record) override {
    if (lines_++ >= options_.limit) done_ = true;
    if (done_) return false;
    const RecordFields fields = FieldsOf(record.record, created_ms_);
    std::string line;
    if (options_.format == DumpFormat::kJson) {
      AppendJson(record, fields, line);
    } else {
      AppendText(record, fields, line);
    }
    done_ = !out_.Write(line);
    return !done_;
  }

  void OnDamage(const LogDamage& damage) override {
    damaged_ = true;
    if (done_) return;
    if (options_.format != DumpFormat::kJson) {
      done_ = !out_.Write("damage: " + DamageText(damage) + "\n");
      return;
    }
    std::string text;
    JsonWriter json(text);
    json.StartObject();
    json.Field("segment", number_);
    json.Field("offset", damage.offset);
    json.Field("bytes", damage.bytes);
    json.Field("damage", DamageKindName(damage.kind));
    json.Field("detail", damage.detail);
    json.EndObject();
    done_ = !out_.Write(JsonForTerminal(text) + "\n");
  }

 private:
  void AppendText(const InspectedRecord& record, const RecordFields& fields,
                  std::string& line) const {
    line = "segment " + std::to_string(number_) + " offset " + std::to_string(record.offset) + " ";
    line.append(fields.type).append(" payload_bytes=");
    line.append(std::to_string(record.record.payload.size())).append(" crc=ok");
    for (const auto& [name, number] : fields.numbers) {
      line.append(" ").append(name).append("=").append(std::to_string(number));
    }
    if (!fields.labels.empty()) {
      line.append(" labels=");
      AppendSeries(fields.labels, TextReader::kTerminal, line);
    }
    if (record.undecodable || !fields.well_formed) line.append(" undecodable");
    line.push_back('\n');
  }

  void AppendJson(const InspectedRecord& record, const RecordFields& fields,
                  std::string& line) const {
    std::string text;
    JsonWriter json(text);
    json.StartObject();
    json.Field("segment", number_);
    json.Field("offset", record.offset);
    json.Field("record", fields.type);
    json.Field("payload_bytes", static_cast<uint64_t>(record.record.payload.size()));
    json.Field("crc", "ok");
    json.Key("undecodable");
    json.Flag(record.undecodable || !fields.well_formed);
    for (const auto& [name, number] : fields.numbers) json.Field(name, number);
    if (!fields.labels.empty()) {
      json.Key("labels");
      json.Object(fields.labels);
    }
    json.EndObject();
    line = JsonForTerminal(text).append("\n");
  }

  const DumpOptions& options_;
  StandardOutput& out_;
  uint64_t number_ = 0;
  int64_t created_ms_ = 0;
  uint64_t lines_ = 0;
  bool done_ = false;
  bool damaged_ = false;
};

Result<bool> DumpRecords(FileSystem& files, const DumpOptions& options,
                         const std::function<void()>& wait, StandardOutput& out) {
  RecordDump dump(options, out);
  auto visited = VisitSegments(files, options.directory, options.selection.segment, wait, dump,
                               [&](uint64_t number) {
                                 dump.BeginSegment(number);
                                 return !dump.done();
                               });
  if (!visited) return visited.error();
  return !dump.damaged();
}

Result<bool> DumpSamples(FileSystem& files, const DumpOptions& options,
                         const std::function<void()>& wait, StandardOutput& out) {
  uint64_t lines = 0;
  bool damaged = false;
  std::string line;
  SampleReceiver receiver;
  receiver.sample = [&](const SelectedSample& sample) {
    if (lines++ >= options.limit) return false;
    line.clear();
    switch (options.format) {
      case DumpFormat::kText:
        AppendTextLine(LineOf(sample), line);
        AppendTextExemplars(sample, line);
        break;
      case DumpFormat::kJson:
        AppendJsonLine(LineOf(sample), line);
        AppendJsonExemplars(sample, line);
        break;
      case DumpFormat::kOpenMetrics:
        AppendOpenMetricsLine(sample, line);
    }
    return out.Write(line);
  };
  receiver.damage = [&](const LogDamage& damage) {
    damaged = true;
    std::cerr << "damage: " << DamageText(damage) << "\n";
  };
  auto selected = SelectSamples(files, options.directory, options.selection, wait, receiver);
  if (!selected) return selected.error();
  if (options.format == DumpFormat::kOpenMetrics) out.Write("# EOF\n");
  return !damaged;
}

}  // namespace

Result<bool> DumpLog(FileSystem& files, const DumpOptions& options,
                     const std::function<void()>& wait, StandardOutput& out) {
  return options.records ? DumpRecords(files, options, wait, out)
                         : DumpSamples(files, options, wait, out);
}

}  // namespace limpet
