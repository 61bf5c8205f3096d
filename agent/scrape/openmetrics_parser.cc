#include "agent/scrape/openmetrics_parser.h"

#include <cmath>
#include <cstring>

#include "agent/scrape/exposition_tokens.h"

namespace limpet {
namespace {

constexpr const char* kNoEof = "page does not end with # EOF";

bool ParseType(std::string_view text, MetricType& type) {
  if (text == "counter") return type = MetricType::kCounter, true;
  if (text == "gauge") return type = MetricType::kGauge, true;
  if (text == "histogram") return type = MetricType::kHistogram, true;
  if (text == "gaugehistogram") return type = MetricType::kGaugeHistogram, true;
  if (text == "summary") return type = MetricType::kSummary, true;
  if (text == "info") return type = MetricType::kInfo, true;
  if (text == "stateset") return type = MetricType::kStateset, true;
  if (text == "unknown") return type = MetricType::kUnknown, true;
  return false;
}

// From an opening quote to behind the closing one on the same line; escapes stand for two bytes.
// Null bytes are good in the values of labels only.
const char* SkipStrictlyQuoted(const char* p, const char* end, bool nulls) {
  for (++p; p != end && *p != '\n'; ++p) {
    if (*p == '"') return p + 1;
    if (*p == '\0' && !nulls) return nullptr;
    if (*p == '\\' && (++p == end || *p == '\n')) return nullptr;
  }
  return nullptr;
}

bool IsUnitOf(std::string_view unit, std::string_view family) {
  return unit.empty() || (family.size() > unit.size() && family.ends_with(unit) &&
                          family[family.size() - unit.size() - 1] == '_');
}

const char* CheckMetadata(MetadataLine& line) {
  switch (line.kind) {
    case MetadataLine::Kind::kType:
      return ParseType(line.text, line.type) ? nullptr : "invalid metric type";
    case MetadataLine::Kind::kHelp:
      return IsAsciiOrUtf8(line.text) ? nullptr : "help text is not valid UTF-8";
    default:
      return IsUnitOf(line.text, line.family) ? nullptr : "unit is not a suffix of the metric name";
  }
}

// At the '#' of "# HELP name text\n", TYPE or UNIT alike.
const char* ParseMetadata(const char*& p, const char* end, GapReading& gap) {
  if (end - p < 7 || p[1] != ' ' || p[6] != ' ') return "expected TYPE, HELP, UNIT or EOF after #";
  MetadataLine line;
  const char* word = p + 2;
  if (std::memcmp(word, "HELP", 4) == 0) {
    line.kind = MetadataLine::Kind::kHelp;
  } else if (std::memcmp(word, "UNIT", 4) == 0) {
    line.kind = MetadataLine::Kind::kUnit;
  } else if (std::memcmp(word, "TYPE", 4) != 0) {
    return "expected TYPE, HELP, UNIT or EOF after #";
  }
  const char* name = word + 5;
  const bool quoted = name != end && *name == '"';
  const char* name_end = name;
  if (quoted) {
    name_end = SkipStrictlyQuoted(name, end, false);
  } else if (name != end && IsNameStart(*name)) {
    while (name_end != end && IsNameChar(*name_end)) ++name_end;
  }
  if (name_end == nullptr || name_end == name)
    return "expected a metric name after TYPE, HELP, UNIT";
  line.family = std::string_view(name + quoted, name_end - name - 2 * quoted);
  if (name_end == end || *name_end != ' ') return "expected a text after the metric name";
  const char* line_end = FindNewline(name_end, end);
  if (line_end == end) return kNoEof;
  line.text = std::string_view(name_end + 1, line_end - name_end - 1);
  if (const char* wrong = CheckMetadata(line)) return wrong;
  AddToGap(line, std::string_view(word, line_end - word), gap);
  p = line_end + 1;
  return nullptr;
}

int64_t MillisOf(double seconds) {
  const double ms = seconds * 1000;
  if (ms >= 9.2e18) return INT64_MAX;
  if (ms <= -9.2e18) return -INT64_MAX;  // the lowest one stands for "none"
  return static_cast<int64_t>(ms);
}

// One number up to a single blank or the end of the line.
const char* ParseNumber(const char*& p, const char* end, double& number) {
  const char* q = ParseSampleValue(p, end, number);
  if (q == nullptr || q == end || (*q != ' ' && *q != '\n')) return "expected a number";
  p = q;
  return nullptr;
}

const char* ParseTimestamp(const char*& p, const char* end, int64_t& timestamp_ms) {
  const char* begin = p;
  double seconds = 0;
  if (const char* wrong = ParseNumber(p, end, seconds)) return wrong;
  if (!std::isfinite(seconds)) {
    p = begin;
    return "expected a finite timestamp";
  }
  timestamp_ms = MillisOf(seconds);
  return nullptr;
}

// Behind "# {".
const char* ParseExemplar(const char*& p, const char* end, RawExemplar& exemplar) {
  const char* begin = p;
  if (const char* wrong = ParseOpenMetricsLabels(p, end, nullptr, nullptr)) return wrong;
  exemplar.labels = std::string_view(begin, p - begin - 1);
  if (p == end || *p != ' ') return "expected the exemplar's value";
  if (const char* wrong = ParseNumber(++p, end, exemplar.value)) return wrong;
  exemplar.has_timestamp = *p == ' ';
  if (exemplar.has_timestamp) {
    if (const char* wrong = ParseTimestamp(++p, end, exemplar.timestamp_ms)) return wrong;
  }
  return nullptr;
}

bool StartsExemplar(const char* p, const char* end) {
  return end - p >= 3 && p[0] == '#' && p[1] == ' ' && p[2] == '{';
}

}  // namespace

const char* SkipOpenMetricsGap(const char*& p, const char* end, GapReading& gap) {
  gap.has_metadata = false;
  gap.has_comments = false;
  gap.digest = 0;
  while (p != end && *p == '#') {
    if (end - p >= 5 && std::memcmp(p, "# EOF", 5) == 0) {
      p += 5;
      if (p != end && *p == '\n') ++p;
      return p == end ? nullptr : "unexpected data after # EOF";
    }
    if (const char* wrong = ParseMetadata(p, end, gap)) return wrong;
  }
  return p == end ? kNoEof : nullptr;
}

const char* ParseOpenMetricsLabels(const char*& p, const char* end, std::string_view* name,
                                   std::vector<RawLabel>* labels) {
  for (size_t count = 0;; ++count) {
    if (p == end) return "expected a label name";
    if (*p == '}') return ++p, nullptr;
    const char* name_begin = p;
    const bool quoted = *p == '"';
    const char* q = p;
    if (quoted) {
      q = SkipStrictlyQuoted(p, end, false);
    } else {
      if (IsLabelStart(*q)) ++q;
      while (q != p && q != end && IsLabelChar(*q)) ++q;
    }
    if (q == nullptr || q == p) return "expected a label name";
    p = q;
    const std::string_view text(name_begin + quoted, p - name_begin - 2 * quoted);
    if (quoted && name != nullptr && p != end && (*p == ',' || *p == '}')) {
      if (name->data() != nullptr) return "metric name already set";
      if (text.empty()) return "missing metric name";
      *name = text;
    } else {
      if (p == end || *p != '=') return "expected '=' after a label name";
      const char* value = ++p;
      q = value != end && *value == '"' ? SkipStrictlyQuoted(value, end, labels != nullptr)
                                        : nullptr;
      if (q == nullptr) return "expected a quoted label value";
      const std::string_view content(value + 1, q - value - 2);
      if (!IsAsciiOrUtf8(content)) return "label value is not valid UTF-8";
      if (count == kLabelsPerSampleMax) return "too many labels";
      if (labels != nullptr) labels->push_back({text, content});
      p = q;
      if (p == end || (*p != ',' && *p != '}')) return "expected a comma or a closing brace";
    }
    if (*p == ',') ++p;
  }
}

const char* ParseOpenMetricsSeries(const char*& p, const char* end, TextSample& sample) {
  sample.labels.clear();
  sample.name = {};
  const char* begin = p;
  if (IsNameStart(*p)) {
    while (p != end && IsNameChar(*p)) ++p;
    sample.name = std::string_view(begin, p - begin);
  } else if (*p != '{') {
    return "expected a metric name";
  }
  if (p != end && *p == '{') {
    ++p;
    if (const char* wrong = ParseOpenMetricsLabels(p, end, &sample.name, &sample.labels)) {
      return wrong;
    }
    if (sample.name.empty()) return "missing metric name";
  }
  if (p == end || *p != ' ') return "expected one blank and a value after the series";
  ++p;
  sample.series = std::string_view(begin, p - begin);
  return nullptr;
}

const char* ParseOpenMetricsTail(const char*& p, const char* end, SampleTail& tail,
                                 RawExemplar& exemplar, bool& has_exemplar) {
  has_exemplar = false;
  tail.has_timestamp = false;
  if (const char* wrong = ParseNumber(p, end, tail.value)) return wrong;
  if (*p == ' ' && !StartsExemplar(p + 1, end)) {
    if (const char* wrong = ParseTimestamp(++p, end, tail.timestamp_ms)) return wrong;
    tail.has_timestamp = true;
  }
  if (*p == ' ') {
    if (!StartsExemplar(p + 1, end)) return "expected an exemplar or the end of the line";
    p += 4;
    if (const char* wrong = ParseExemplar(p, end, exemplar)) return wrong;
    has_exemplar = true;
  }
  if (*p != '\n') return "expected the end of the line";
  ++p;
  return nullptr;
}

}  // namespace limpet
