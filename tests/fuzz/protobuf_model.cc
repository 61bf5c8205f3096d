#include "tests/fuzz/protobuf_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "agent/relabel/labels.h"
#include "agent/scrape/exemplar.h"
#include "agent/scrape/page_reader.h"
#include "queue/scrape_view.h"

namespace limpet {
namespace {

std::string Bits(double value) {
  return ' ' + std::to_string(std::isnan(value) ? kNormalNanBits : std::bit_cast<uint64_t>(value));
}

bool Varint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (int i = 0; i < 5 && !bytes.empty(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return true;
  }
  return false;
}

template <typename Message>
void Forget(Message& message) {
  message.mutable_unknown_fields()->clear();
}

void Forget(metrics::Exemplar& exemplar) {
  exemplar.mutable_unknown_fields()->clear();
  for (auto& label : *exemplar.mutable_label()) Forget(label);
  if (exemplar.has_timestamp()) Forget(*exemplar.mutable_timestamp());
}

void Forget(metrics::Histogram& histogram) {
  histogram.mutable_unknown_fields()->clear();
  if (histogram.has_created_timestamp()) Forget(*histogram.mutable_created_timestamp());
  for (auto& bucket : *histogram.mutable_bucket()) {
    bucket.mutable_unknown_fields()->clear();
    if (bucket.has_exemplar()) Forget(*bucket.mutable_exemplar());
  }
  for (auto& span : *histogram.mutable_negative_span()) Forget(span);
  for (auto& span : *histogram.mutable_positive_span()) Forget(span);
  for (auto& exemplar : *histogram.mutable_exemplars()) Forget(exemplar);
}

void Forget(metrics::Metric& metric) {
  metric.mutable_unknown_fields()->clear();
  for (auto& label : *metric.mutable_label()) Forget(label);
  if (metric.has_gauge()) Forget(*metric.mutable_gauge());
  if (metric.has_untyped()) Forget(*metric.mutable_untyped());
  if (metric.has_histogram()) Forget(*metric.mutable_histogram());
  if (metric.has_counter()) {
    metrics::Counter& counter = *metric.mutable_counter();
    counter.mutable_unknown_fields()->clear();
    if (counter.has_exemplar()) Forget(*counter.mutable_exemplar());
    if (counter.has_created_timestamp()) Forget(*counter.mutable_created_timestamp());
  }
  if (metric.has_summary()) {
    metrics::Summary& summary = *metric.mutable_summary();
    summary.mutable_unknown_fields()->clear();
    if (summary.has_created_timestamp()) Forget(*summary.mutable_created_timestamp());
    for (auto& quantile : *summary.mutable_quantile()) Forget(quantile);
  }
}

// One family's samples, as they come.
class Model {
 public:
  Model(const HistogramSettings& settings, std::vector<std::string>& out)
      : settings_(settings), out_(out) {}

  // False where it must fail.
  bool Add(const metrics::MetricFamily& family) {
    if (family.metric_size() == 0) return true;
    if (!IsUtf8Name(family.name()) || !IsValidUtf8(family.help())) return false;
    for (const metrics::Metric& metric : family.metric()) {
      if (!Add(family, metric)) return false;
    }
    return true;
  }

 private:
  using Extra = std::optional<std::pair<std::string, double>>;

  bool Add(const metrics::MetricFamily& family, const metrics::Metric& metric) {
    switch (family.type()) {
      case metrics::COUNTER: {
        const metrics::Exemplar* exemplar =
            metric.counter().has_exemplar() ? &metric.counter().exemplar() : nullptr;
        return Sample(family.name(), metric, {}, Bits(metric.counter().value()), exemplar);
      }
      case metrics::GAUGE:
        return Sample(family.name(), metric, {}, Bits(metric.gauge().value()));
      case metrics::UNTYPED:
        return Sample(family.name(), metric, {}, Bits(metric.untyped().value()));
      case metrics::SUMMARY:
        return AddSummary(family.name(), metric);
      default:
        return AddHistogram(family, metric);
    }
  }

  bool AddSummary(const std::string& name, const metrics::Metric& metric) {
    const metrics::Summary& summary = metric.summary();
    if (!Sample(name + "_count", metric, {}, Bits(static_cast<double>(summary.sample_count()))) ||
        !Sample(name + "_sum", metric, {}, Bits(summary.sample_sum()))) {
      return false;
    }
    for (const metrics::Quantile& quantile : summary.quantile()) {
      const Extra extra = std::pair("quantile", quantile.quantile());
      if (!Sample(name, metric, extra, Bits(quantile.value()))) return false;
    }
    return true;
  }

  bool AddHistogram(const metrics::MetricFamily& family, const metrics::Metric& metric) {
    const metrics::Histogram& histogram = metric.histogram();
    const bool native = settings_.native &&
                        (histogram.positive_span_size() > 0 || histogram.negative_span_size() > 0 ||
                         histogram.zero_threshold() > 0 || histogram.zero_count() > 0);
    if (native && !AddNative(family, metric)) return false;
    if (native && (!settings_.always_classic || histogram.bucket_size() == 0)) return true;
    const std::string& name = family.name();
    const double count = histogram.sample_count_float() != 0
                             ? histogram.sample_count_float()
                             : static_cast<double>(histogram.sample_count());
    if (!Sample(name + "_count", metric, {}, Bits(count)) ||
        !Sample(name + "_sum", metric, {}, Bits(histogram.sample_sum()))) {
      return false;
    }
    const auto bucket_sample = [&](double bound, double value, const metrics::Exemplar* exemplar) {
      return Sample(name + "_bucket", metric, std::pair("le", bound), Bits(value), exemplar);
    };
    for (const metrics::Bucket& bucket : histogram.bucket()) {
      const double value = bucket.cumulative_count_float() != 0
                               ? bucket.cumulative_count_float()
                               : static_cast<double>(bucket.cumulative_count());
      if (!bucket_sample(bucket.upper_bound(), value,
                         bucket.has_exemplar() ? &bucket.exemplar() : nullptr)) {
        return false;
      }
      if (bucket.upper_bound() == HUGE_VAL) return true;
    }
    return bucket_sample(HUGE_VAL, count, nullptr);
  }

  template <typename Spans, typename Values>
  static bool Side(const Spans& spans, const Values& values, std::string& text) {
    uint64_t length = 0;
    for (const auto& span : spans) {
      length += span.length();
      text += " [" + std::to_string(span.offset()) + ' ' + std::to_string(span.length()) + ']';
    }
    for (const auto value : values) text += Bits(static_cast<double>(value));
    return length == static_cast<uint64_t>(values.size());
  }

  bool AddNative(const metrics::MetricFamily& family, const metrics::Metric& metric) {
    const metrics::Histogram& h = metric.histogram();
    const bool floats = h.sample_count_float() > 0 || h.zero_count_float() > 0;
    std::string text =
        Bits(h.sample_sum()) + " native " + std::to_string(h.schema()) + Bits(h.zero_threshold()) +
        (floats ? Bits(h.sample_count_float()) + Bits(h.zero_count_float())
                : ' ' + std::to_string(h.sample_count()) + ' ' + std::to_string(h.zero_count()));
    const bool good = floats ? Side(h.negative_span(), h.negative_count(), text) &&
                                   Side(h.positive_span(), h.positive_count(), text)
                             : Side(h.negative_span(), h.negative_delta(), text) &&
                                   Side(h.positive_span(), h.positive_delta(), text);
    if (!good) return false;
    if (family.type() == metrics::GAUGE_HISTOGRAM) text += " gauge";
    std::vector<const metrics::Exemplar*> exemplars;
    for (const auto& exemplar : h.exemplars()) exemplars.push_back(&exemplar);
    if (exemplars.empty()) {
      for (const auto& bucket : h.bucket()) {
        if (bucket.has_exemplar()) exemplars.push_back(&bucket.exemplar());
      }
    }
    std::erase_if(exemplars, [](const auto* exemplar) { return !exemplar->has_timestamp(); });
    for (const auto* exemplar : exemplars) text += Text(*exemplar);
    return Sample(family.name(), metric, {}, text);
  }

  static std::string Text(const metrics::Exemplar& exemplar) {
    std::string text = " #" + Bits(exemplar.value());
    if (exemplar.has_timestamp()) {
      const auto seconds = static_cast<uint64_t>(exemplar.timestamp().seconds());
      const auto nanos = static_cast<uint64_t>(exemplar.timestamp().nanos() / 1'000'000);
      text += '@' + std::to_string(static_cast<int64_t>(seconds * 1000 + nanos));
    }
    return text;
  }

  bool Sample(const std::string& name, const metrics::Metric& metric, const Extra& extra,
              std::string text, const metrics::Exemplar* exemplar = nullptr) {
    std::map<std::string, std::string> labels{{"__name__", name}};
    for (const metrics::LabelPair& label : metric.label()) {
      if (!IsUtf8Name(label.name()) || !IsValidUtf8(label.value())) return false;
      if (!labels.emplace(label.name(), label.value()).second) return false;
    }
    if (extra && !labels.emplace(extra->first, FloatLabel(extra->second)).second) return false;
    std::string series;
    for (const auto& [label, value] : labels) series += label + '\xff' + value + '\xff';
    if (metric.timestamp_ms() != 0) text += '@' + std::to_string(metric.timestamp_ms());
    if (exemplar != nullptr) text += Text(*exemplar);
    out_.push_back(series + text);
    return true;
  }

  const HistogramSettings& settings_;
  std::vector<std::string>& out_;
};

template <typename Values>
void SideText(const HistogramSide& side, const Values& values, std::string& text) {
  for (const BucketSpan& span : side.spans) {
    text += " [" + std::to_string(span.offset) + ' ' + std::to_string(span.length) + ']';
  }
  for (const auto value : values) text += Bits(static_cast<double>(value));
}

std::string NativeText(const NativeHistogram& h) {
  std::string text = Bits(h.sum) + " native " + std::to_string(h.schema) + Bits(h.zero_threshold);
  if (h.is_float()) {
    text += Bits(h.count_float) + Bits(h.zero_count_float);
    SideText(h.negative, h.negative.counts, text);
    SideText(h.positive, h.positive.counts, text);
  } else {
    text += ' ' + std::to_string(h.count) + ' ' + std::to_string(h.zero_count);
    SideText(h.negative, h.negative.deltas, text);
    SideText(h.positive, h.positive.deltas, text);
  }
  return h.is_gauge ? text + " gauge" : text;
}

}  // namespace

std::optional<std::vector<metrics::MetricFamily>> ParseFamilies(std::string_view page) {
  std::vector<metrics::MetricFamily> families;
  while (!page.empty()) {
    uint64_t size = 0;
    if (!Varint(page, size) || size > page.size()) return std::nullopt;
    metrics::MetricFamily& family = families.emplace_back();
    if (!family.ParseFromArray(page.data(), static_cast<int>(size))) return std::nullopt;
    page.remove_prefix(size);
    family.mutable_unknown_fields()->clear();
    for (auto& metric : *family.mutable_metric()) Forget(metric);
  }
  return families;
}

std::string SerializeFamilies(const std::vector<metrics::MetricFamily>& families) {
  std::string page;
  for (const metrics::MetricFamily& family : families) {
    const std::string message = family.SerializeAsString();
    size_t size = message.size();
    for (; size >= 0x80; size >>= 7) page += static_cast<char>(size | 0x80);
    page += static_cast<char>(size);
    page += message;
  }
  return page;
}

SampleTexts SamplesOfFamilies(const std::vector<metrics::MetricFamily>& families,
                              const HistogramSettings& settings) {
  std::vector<std::string> out;
  Model model(settings, out);
  for (const metrics::MetricFamily& family : families) {
    if (!model.Add(family)) return std::nullopt;
  }
  return out;
}

SampleTexts SamplesOfReader(std::string_view page, const HistogramSettings& settings) {
  std::vector<std::string> out;
  PageReader reader(Page(page, PageFormat::kProtobuf), settings);
  for (;;) {
    const Result<bool> more = reader.Next();
    if (!more) return std::nullopt;
    if (!*more) return out;
    std::vector<Label> labels;
    if (!reader.DecodeLabels(labels)) return std::nullopt;
    std::string text;
    for (const Label& label : labels) text += label.name + '\xff' + label.value + '\xff';
    const NativeHistogram* native = reader.histogram();
    std::string exemplars;
    for (const RawExemplar& exemplar : reader.exemplars()) {
      exemplars += " #" + Bits(exemplar.value);
      if (exemplar.has_timestamp) exemplars += '@' + std::to_string(exemplar.timestamp_ms);
      (void)ExemplarLabels(exemplar, PageFormat::kProtobuf);
    }
    const std::string timestamp =
        reader.tail().has_timestamp ? '@' + std::to_string(reader.tail().timestamp_ms) : "";
    text += native == nullptr ? Bits(reader.tail().value) + timestamp + exemplars
                              : NativeText(*native) + exemplars + timestamp;
    out.push_back(text);
  }
}

}  // namespace limpet
