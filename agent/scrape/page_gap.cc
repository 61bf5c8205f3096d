#include "agent/scrape/page_gap.h"

#include <cstring>

#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

bool ParseTextType(std::string_view text, MetricType& type) {
  if (text == "counter") return type = MetricType::kCounter, true;
  if (text == "gauge") return type = MetricType::kGauge, true;
  if (text == "histogram") return type = MetricType::kHistogram, true;
  if (text == "summary") return type = MetricType::kSummary, true;
  if (text == "untyped") return type = MetricType::kUnknown, true;
  return false;
}

// Behind "TYPE " or "HELP ": a metric's name, one byte, and text to the end of the line.
const char* ParseMetadata(const char* word, const char*& p, const char* end, GapReading& gap) {
  MetadataLine line;
  line.kind = *word == 'T' ? MetadataLine::Kind::kType : MetadataLine::Kind::kHelp;
  const bool quoted = p != end && *p == '"';
  const char* name_end = p;
  if (quoted) {
    name_end = SkipQuoted(p, end);
  } else if (p != end && IsNameStart(*p)) {
    while (name_end != end && IsNameChar(*name_end)) ++name_end;
  }
  if (name_end == nullptr || name_end == p) return "expected a metric name after TYPE or HELP";
  line.family = std::string_view(p + quoted, name_end - p - 2 * quoted);
  const char* line_end = FindNewline(name_end, end);
  const char* text_begin = name_end == line_end ? line_end : name_end + 1;
  line.text = std::string_view(text_begin, line_end - text_begin);
  if (line.kind == MetadataLine::Kind::kType) {
    if (!ParseTextType(line.text, line.type)) return "invalid metric type";
  } else if (!IsAsciiOrUtf8(line.text)) {
    return "help text is not valid UTF-8";
  }
  p = line_end;
  AddToGap(line, std::string_view(word, line_end - word), gap);
  return nullptr;
}

const char* ParseComment(const char*& p, const char* end, GapReading& gap) {
  const char* q = p + 1;
  const char* word = q;
  SkipBlanks(word, end);
  if (word != q && end - word > 4 && IsBlank(word[4])) {
    if (std::memcmp(word, "TYPE", 4) == 0 || std::memcmp(word, "HELP", 4) == 0) {
      p = word + 5;
      SkipBlanks(p, end);
      return ParseMetadata(word, p, end, gap);
    }
  }
  gap.has_comments = true;
  p = FindNewline(q, end);
  return nullptr;
}

}  // namespace

void AddToGap(const MetadataLine& line, std::string_view whole, GapReading& gap) {
  if (line.kind == MetadataLine::Kind::kType) gap.type = line.type;
  gap.has_metadata = true;
  if (gap.wants_digest) {
    gap.digest = (gap.digest ^ TextHash::Instance()(whole)) * 0x9e3779b97f4a7c15 + whole.size();
  }
  if (gap.lines != nullptr) gap.lines->push_back(line);
}

const char* SkipGap(const char*& p, const char* end, GapReading& gap) {
  gap.has_metadata = false;
  gap.has_comments = false;
  gap.digest = 0;
  while (p != end) {
    if (IsBlank(*p) || *p == '\n') {
      ++p;
    } else if (*p == '#') {
      if (const char* wrong = ParseComment(p, end, gap)) return wrong;
    } else {
      break;
    }
  }
  return nullptr;
}

}  // namespace limpet
