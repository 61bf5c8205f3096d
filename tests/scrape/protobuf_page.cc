#include "tests/scrape/protobuf_page.h"

#include <sstream>
#include <vector>

#include "agent/scrape/exemplar.h"
#include "agent/scrape/page_reader.h"
#include "queue/remote_write_v2.pb.h"

namespace limpet {
namespace {

template <typename Spans, typename Deltas, typename Counts>
void ShowSide(char sign, const Spans& spans, const Deltas& deltas, const Counts& counts,
              std::ostream& out) {
  if (spans.empty() && deltas.empty() && counts.empty()) return;
  out << ' ' << sign << '[';
  int64_t index = 0;
  int64_t count = 0;
  int place = 0;
  for (const auto& span : spans) {
    index += span.offset();
    out << (place > 0 ? "; " : "") << index << ':';
    for (uint32_t i = 0; i < span.length(); ++i, ++place, ++index) {
      if (place < deltas.size()) count += deltas[place];
      out << ' ';
      if (place < deltas.size()) {
        out << count;
      } else if (place < counts.size()) {
        out << counts[place] << 'f';
      } else {
        out << '?';
      }
    }
  }
  if (place < deltas.size() || place < counts.size()) out << " ?";
  out << ']';
}

}  // namespace

std::string Delimited(std::string_view message) {
  std::string out;
  size_t size = message.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  out += static_cast<char>(size);
  return out += message;
}

std::string Delimited(const metrics::MetricFamily& family) {
  return Delimited(family.SerializeAsString());
}

metrics::MetricFamily Family(const std::string& name, metrics::MetricType type) {
  metrics::MetricFamily family;
  family.set_name(name);
  family.set_type(type);
  return family;
}

void AddLabel(const std::string& name, const std::string& value, metrics::Metric& metric) {
  metrics::LabelPair& label = *metric.add_label();
  label.set_name(name);
  label.set_value(value);
}

void SetExemplar(const std::string& label, double value, int64_t timestamp_ms,
                 metrics::Exemplar& exemplar) {
  metrics::LabelPair& pair = *exemplar.add_label();
  pair.set_name("trace");
  pair.set_value(label);
  exemplar.set_value(value);
  if (timestamp_ms == 0) return;
  exemplar.mutable_timestamp()->set_seconds(timestamp_ms / 1000);
  exemplar.mutable_timestamp()->set_nanos(static_cast<int32_t>(timestamp_ms % 1000) * 1'000'000);
}

std::string HistogramText(std::string_view message) {
  remote_write_v2::Histogram histogram;
  if (!histogram.ParseFromArray(message.data(), static_cast<int>(message.size()))) return "broken";
  std::ostringstream out;
  if (histogram.has_count_float()) {
    out << "count=" << histogram.count_float() << 'f';
  } else {
    out << "count=" << histogram.count_int();
  }
  out << " sum=" << histogram.sum() << " schema=" << histogram.schema();
  if (histogram.zero_threshold() != 0) out << " within=" << histogram.zero_threshold();
  if (histogram.has_zero_count_float()) {
    out << " zero=" << histogram.zero_count_float() << 'f';
  } else {
    out << " zero=" << histogram.zero_count_int();
  }
  ShowSide('-', histogram.negative_spans(), histogram.negative_deltas(),
           histogram.negative_counts(), out);
  ShowSide('+', histogram.positive_spans(), histogram.positive_deltas(),
           histogram.positive_counts(), out);
  if (histogram.reset_hint() == remote_write_v2::Histogram::RESET_HINT_GAUGE) out << " gauge";
  if (histogram.custom_values_size() > 0) out << " <=";
  for (const double bound : histogram.custom_values()) out << ' ' << bound;
  if (histogram.timestamp() != 0 || histogram.start_timestamp() != 0) out << " timestamp";
  return out.str();
}

std::string ExemplarText(const RawExemplar& exemplar, PageFormat format) {
  const auto labels = ExemplarLabels(exemplar, format);
  if (!labels) return labels.error().message;
  std::ostringstream out;
  out << Labels(*labels).ToString() << ' ' << exemplar.value;
  if (exemplar.has_timestamp) out << '@' << exemplar.timestamp_ms;
  return out.str();
}

std::string ProtobufSamples(std::string_view page, const HistogramSettings& settings) {
  return PageSamples(ProtobufPage(page), settings);
}

std::string PageSamples(const Page& page, const HistogramSettings& settings) {
  PageReader reader(page, settings);
  HistogramEncoder encoder;
  std::ostringstream out;
  for (;;) {
    const Result<bool> more = reader.Next();
    if (!more) return more.error().message;
    if (!*more) return out.str();
    std::vector<Label> labels;
    if (auto decoded = reader.DecodeLabels(labels); !decoded) return decoded.error().message;
    out << Labels(labels).ToString() << ' ';
    if (reader.histogram() != nullptr) {
      std::string message;
      const HistogramFault fault = encoder.Append(*reader.histogram(), settings, message);
      out << (fault == HistogramFault::kNone ? HistogramText(message) : encoder.fault());
    } else {
      out << reader.tail().value;
    }
    if (reader.tail().has_timestamp) out << '@' << reader.tail().timestamp_ms;
    for (const RawExemplar& exemplar : reader.exemplars()) {
      out << " # " << ExemplarText(exemplar, page.format);
    }
    out << '\n';
  }
}

}  // namespace limpet
