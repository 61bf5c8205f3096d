// The smallest pieces of the text exposition formats, read in place.
//
// Who calls it: the parsers of the formats and what stands between samples; any thread, nothing is
// kept or allocated. Positions are pointers into the page; `end` is behind its last byte.
#ifndef LIMPET_AGENT_SCRAPE_EXPOSITION_TOKENS_H_
#define LIMPET_AGENT_SCRAPE_EXPOSITION_TOKENS_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/relabel/labels.h"
#include "agent/scrape/sample_value.h"

namespace limpet {

// Of a classic histogram's buckets: their upper bounds.
inline constexpr std::string_view kBucketLabel = "le";

inline bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
inline bool IsNameChar(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }
inline bool IsLabelStart(char c) { return IsNameStart(c) && c != ':'; }
inline bool IsLabelChar(char c) { return IsNameChar(c) && c != ':'; }

inline void SkipBlanks(const char*& p, const char* end) {
  while (p != end && IsBlank(*p)) ++p;
}

// From an opening quote to behind the closing one, or nullptr where there is none. As in Prometheus
// a newline may be in between, but not behind a backslash.
inline const char* SkipQuoted(const char* p, const char* end) {
  for (++p; p != end; ++p) {
    if (*p == '"') return p + 1;
    if (*p == '\\' && (++p == end || *p == '\n')) return nullptr;
  }
  return nullptr;
}

// The next newline, or `end`.
inline const char* FindNewline(const char* p, const char* end) {
  const void* newline = p == end ? nullptr : std::memchr(p, '\n', end - p);
  return newline == nullptr ? end : static_cast<const char*>(newline);
}

inline bool IsAsciiOrUtf8(std::string_view text) {
  const bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return c < 0; });
  return ascii || IsValidUtf8(text);
}

// Resolves \\ and \n, and \" where quotes are escaped too; any other escape stays as it is.
inline std::string Unescaped(std::string_view raw, bool quotes = true) {
  if (raw.find('\\') == raw.npos) return std::string(raw);
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    const char next = raw[i] == '\\' && i + 1 < raw.size() ? raw[i + 1] : '\0';
    if (next == '\\' || next == 'n' || (quotes && next == '"')) {
      out += next == 'n' ? '\n' : next;
      ++i;
    } else {
      out += raw[i];
    }
  }
  return out;
}

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_EXPOSITION_TOKENS_H_
