#include "agent/scrape/text_parser.h"

#include "agent/scrape/error_excerpt.h"
#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/openmetrics_parser.h"
#include "agent/scrape/scraped_labels.h"

namespace limpet {
namespace {

// Reads name="value", or a lone quoted metric name, up to the comma or brace behind it.
const char* ParseOneLabel(const char*& p, const char* end, TextSample& sample) {
  const char* name_begin = p;
  const bool quoted = *p == '"';
  if (quoted) {
    const char* q = SkipQuoted(p, end);
    if (q == nullptr) return "unterminated quoted name";
    p = q;
  } else if (IsLabelStart(*p)) {
    while (p != end && IsLabelChar(*p)) ++p;
  } else {
    return "expected a label name";
  }
  const std::string_view name(name_begin + quoted, p - name_begin - 2 * quoted);
  SkipBlanks(p, end);
  if (quoted && p != end && (*p == ',' || *p == '}')) {
    if (!sample.name.empty()) return "metric name already set";
    if (name.empty()) return "missing metric name";
    sample.name = name;
    return nullptr;
  }
  if (p == end || *p != '=') return "expected '=' after a label name";
  ++p;
  SkipBlanks(p, end);
  const char* value_end = p != end && *p == '"' ? SkipQuoted(p, end) : nullptr;
  if (value_end == nullptr) return "expected a quoted label value";
  const std::string_view value(p + 1, value_end - p - 2);
  if (!IsAsciiOrUtf8(value)) return "label value is not valid UTF-8";
  if (sample.labels.size() == kLabelsPerSampleMax) return "too many labels";
  sample.labels.push_back({name, value});
  p = value_end;
  SkipBlanks(p, end);
  return nullptr;
}

// From behind the opening brace to behind the closing one.
const char* ParseLabels(const char*& p, const char* end, TextSample& sample) {
  for (;;) {
    SkipBlanks(p, end);
    if (p == end) return "expected a label name";
    if (*p == '}') break;
    if (const char* wrong = ParseOneLabel(p, end, sample)) return wrong;
    // Like Prometheus, takes labels that only a blank divides.
    if (p != end && *p == ',') ++p;
  }
  ++p;
  return nullptr;
}

// The name and labels, and the blanks up to the value.
const char* ParseSeries(const char*& p, const char* end, TextSample& sample) {
  sample.labels.clear();
  sample.name = {};
  const char* begin = p;
  if (IsNameStart(*p)) {
    while (p != end && IsNameChar(*p)) ++p;
    sample.name = std::string_view(begin, p - begin);
    if (p == end || !(IsBlank(*p) || *p == '{')) return "expected a value after the metric name";
    SkipBlanks(p, end);
  } else if (*p != '{') {
    return "expected a metric name";
  }
  if (p != end && *p == '{') {
    ++p;
    if (const char* wrong = ParseLabels(p, end, sample)) return wrong;
    if (sample.name.empty()) return "missing metric name";
    SkipBlanks(p, end);
  }
  if (p == end || *p == '\n') return "expected a value after the series";
  sample.series = std::string_view(begin, p - begin);
  return nullptr;
}

const char* TailErrorText(TailError error) {
  switch (error) {
    case TailError::kValue:
      return "expected a number as the sample's value";
    case TailError::kTimestamp:
      return "expected a timestamp in milliseconds, of digits alone";
    default:
      return "expected the end of the line after the timestamp";
  }
}

bool IsFloatLabel(MetricType type, std::string_view name) {
  return (type == MetricType::kHistogram && name == kBucketLabel) ||
         (type == MetricType::kSummary && name == "quantile");
}

}  // namespace

// What is wrong at p_, or null; a sample that the page has no more has no series.
const char* TextParser::NextPrometheus(TextSample& sample) {
  const char* begin = p_;
  if (const char* wrong = SkipGap(p_, end_, gap_)) return wrong;
  sample.gap = std::string_view(begin, p_ - begin);
  if (p_ == end_) return nullptr;
  if (const char* wrong = ParseSeries(p_, end_, sample)) return wrong;
  const TailError error = ParseSampleTail(p_, end_, sample.tail);
  return error == TailError::kNone ? nullptr : TailErrorText(error);
}

const char* TextParser::NextOpenMetrics(TextSample& sample) {
  const char* begin = p_;
  if (const char* wrong = SkipOpenMetricsGap(p_, end_, gap_)) return wrong;
  sample.gap = std::string_view(begin, p_ - begin);
  if (p_ == end_) return nullptr;
  if (const char* wrong = ParseOpenMetricsSeries(p_, end_, sample)) return wrong;
  return ParseOpenMetricsTail(p_, end_, sample.tail, sample.exemplar, sample.has_exemplar);
}

Result<bool> TextParser::Next(TextSample& sample) {
  sample.series = {};
  sample.has_exemplar = false;
  const char* wrong =
      format_ == PageFormat::kOpenMetricsText ? NextOpenMetrics(sample) : NextPrometheus(sample);
  if (wrong != nullptr) return Fail(wrong);
  sample.type = gap_.type;
  return !sample.series.empty();
}

Error TextParser::Fail(const char* what) const {
  const std::string_view page(begin_, end_ - begin_);
  return Error{ExcerptError(what, page, p_ - begin_)};
}

Result<void> DecodeLabels(const TextSample& sample, std::vector<Label>& labels) {
  labels.clear();
  labels.push_back({"__name__", Unescaped(sample.name)});
  for (const RawLabel& raw : sample.labels) {
    Label label{Unescaped(raw.name), Unescaped(raw.value)};
    if (IsFloatLabel(sample.type, label.name)) label.value = NormalizedFloatLabel(label.value);
    labels.push_back(std::move(label));
  }
  if (!IsUtf8Name(labels[0].value)) return Error{"invalid metric name"};
  return SortUniqueLabels(labels);
}

}  // namespace limpet
