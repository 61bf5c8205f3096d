#include "agent/scrape/text_parser.h"

#include <algorithm>
#include <cstring>

#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool IsNameChar(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }
bool IsLabelChar(char c) { return IsNameChar(c) && c != ':'; }

void SkipBlanks(const char*& p, const char* end) {
  while (p != end && IsBlank(*p)) ++p;
}

// From an opening quote to behind the closing one, or nullptr where there is none.
const char* SkipQuoted(const char* p, const char* end) {
  for (++p; p != end; ++p) {
    if (*p == '"') return p + 1;
    if (*p == '\\' && ++p == end) return nullptr;
  }
  return nullptr;
}

bool IsAsciiOrUtf8(std::string_view text) {
  const bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return c < 0; });
  return ascii || IsValidUtf8(text);
}

const char* FindNewline(const char* p, const char* end) {
  const void* newline = p == end ? nullptr : std::memchr(p, '\n', end - p);
  return newline == nullptr ? end : static_cast<const char*>(newline);
}

bool ParseType(std::string_view text, MetricType& type) {
  if (text == "counter") return type = MetricType::kCounter, true;
  if (text == "gauge") return type = MetricType::kGauge, true;
  if (text == "histogram") return type = MetricType::kHistogram, true;
  if (text == "summary") return type = MetricType::kSummary, true;
  if (text == "untyped") return type = MetricType::kUnknown, true;
  return false;
}

// Behind "# TYPE " or "# HELP ": a metric's name, one byte, and text to the end of the line.
const char* ParseMetadata(const char*& p, const char* end, bool is_type, MetricType& type) {
  const char* name_end = p;
  if (p != end && *p == '"') {
    name_end = SkipQuoted(p, end);
  } else if (p != end && IsNameStart(*p)) {
    while (name_end != end && IsNameChar(*name_end)) ++name_end;
  }
  if (name_end == nullptr || name_end == p) return "expected a metric name after TYPE or HELP";
  const char* line_end = FindNewline(name_end, end);
  const char* text_begin = name_end == line_end ? line_end : name_end + 1;
  const std::string_view text(text_begin, line_end - text_begin);
  if (is_type && !ParseType(text, type)) return "invalid metric type";
  if (!is_type && !IsAsciiOrUtf8(text)) return "help text is not valid UTF-8";
  p = line_end;
  return nullptr;
}

const char* ParseComment(const char*& p, const char* end, MetricType& type) {
  const char* q = p + 1;
  const char* word = q;
  SkipBlanks(word, end);
  if (word != q && end - word > 4 && IsBlank(word[4])) {
    const bool is_type = std::memcmp(word, "TYPE", 4) == 0;
    if (is_type || std::memcmp(word, "HELP", 4) == 0) {
      word += 5;
      SkipBlanks(word, end);
      p = word;
      return ParseMetadata(p, end, is_type, type);
    }
  }
  p = FindNewline(q, end);
  return nullptr;
}

// Reads name="value", or a lone quoted metric name, up to the comma or brace behind it.
const char* ParseOneLabel(const char*& p, const char* end, TextSample& sample) {
  const char* name_begin = p;
  const bool quoted = *p == '"';
  if (quoted) {
    const char* q = SkipQuoted(p, end);
    if (q == nullptr) return "unterminated quoted name";
    p = q;
  } else if (IsLabelChar(*p) && !(*p >= '0' && *p <= '9')) {
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
      return "expected a whole number of milliseconds as the timestamp";
    default:
      return "expected the end of the line after the timestamp";
  }
}

std::string Unescaped(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    const char next = raw[i] == '\\' && i + 1 < raw.size() ? raw[i + 1] : '\0';
    if (next == '\\' || next == '"' || next == 'n') {
      out += next == 'n' ? '\n' : next;
      ++i;
    } else {
      out += raw[i];  // any other escape stays as it is
    }
  }
  return out;
}

bool IsFloatLabel(MetricType type, std::string_view name) {
  return (type == MetricType::kHistogram && name == "le") ||
         (type == MetricType::kSummary && name == "quantile");
}

}  // namespace

const char* SkipGap(const char*& p, const char* end, MetricType& type) {
  while (p != end) {
    if (IsBlank(*p) || *p == '\n') {
      ++p;
    } else if (*p == '#') {
      if (const char* wrong = ParseComment(p, end, type)) return wrong;
    } else {
      break;
    }
  }
  return nullptr;
}

Result<bool> TextParser::Next(TextSample& sample) {
  const char* begin = p_;
  if (const char* wrong = SkipGap(p_, end_, type_)) return Fail(wrong);
  sample.gap = std::string_view(begin, p_ - begin);
  sample.type = type_;
  if (p_ == end_) return false;
  if (const char* wrong = ParseSeries(p_, end_, sample)) return Fail(wrong);
  const TailError error = ParseSampleTail(p_, end_, sample.tail);
  if (error != TailError::kNone) return Fail(TailErrorText(error));
  return true;
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
  std::sort(labels.begin(), labels.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!IsUtf8Name(labels[i].name)) return Error{"invalid label name"};
    if (i > 0 && labels[i].name == labels[i - 1].name) {
      return Error{"label name " + QuotedExcerpt(labels[i].name) + " is not unique"};
    }
  }
  return {};
}

}  // namespace limpet
