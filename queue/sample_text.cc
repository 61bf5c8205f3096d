#include "queue/sample_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "agent/platform/utf8.h"
#include "queue/scrape_view.h"

namespace limpet {
namespace {

// Of a valid character of two or three bytes; others steer no terminal.
uint32_t CodePoint(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(character[i]); };
  if (character.size() == 2) return (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
  if (character.size() == 3) {
    return (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  }
  return 0;
}

// C1 controls, line and paragraph separators, what turns the direction, what cannot be seen.
bool Steers(uint32_t code_point) {
  return (code_point >= 0x80 && code_point < 0xA0) || code_point == 0x061C ||
         (code_point >= 0x200B && code_point <= 0x200F) ||
         (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2060 && code_point <= 0x2069) || code_point == 0xFEFF;
}

// What stands at the front of `text`, as a terminal may have it; returns its bytes.
size_t AppendSafe(std::string_view text, bool json, std::string& out) {
  const auto byte = static_cast<uint8_t>(text.front());
  const size_t length = Utf8CharacterBytes(text);
  const uint32_t code_point = CodePoint(text.substr(0, length));
  char escape[8];
  if (Steers(code_point) || (json && byte == 0x7F)) {
    std::snprintf(escape, sizeof escape, "\\u%04x", code_point == 0 ? byte : code_point);
  } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
    std::snprintf(escape, sizeof escape, "\\x%02x", byte);
  } else {
    out.append(text.substr(0, length));
    return length;
  }
  out.append(escape);
  return length == 0 ? 1 : length;
}

void AppendQuoted(std::string_view text, TextReader reader, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    size_t bytes = 1;
    if (c == '\\' || c == '"') {
      out.append({'\\', c});
    } else if (c == '\n') {
      out.append("\\n");
    } else if (reader == TextReader::kOpenMetrics) {
      out.push_back(c);
    } else {
      bytes = AppendSafe(text, false, out);
    }
    text.remove_prefix(bytes);
  }
  out.push_back('"');
}

}  // namespace

void AppendSeries(const Labels& labels, TextReader reader, std::string& out) {
  const std::string_view name = labels.Get("__name__");
  const bool plain = IsLegacyMetricName(name);
  if (plain) out.append(name);
  char separator = '{';
  if (!plain && !name.empty()) {
    out.push_back(std::exchange(separator, ','));
    AppendQuoted(name, reader, out);
  }
  for (const Label& label : labels) {
    if (label.name == "__name__") continue;
    out.push_back(std::exchange(separator, ','));
    if (IsLegacyLabelName(label.name)) {
      out.append(label.name);
    } else {
      AppendQuoted(label.name, reader, out);
    }
    out.push_back('=');
    AppendQuoted(label.value, reader, out);
  }
  if (separator == ',') out.push_back('}');
  if (labels.empty()) out.append("{}");
}

void AppendSampleValue(double value, std::string& out) {
  if (IsStaleNan(value)) {
    out.append("stale");
  } else if (std::isnan(value)) {
    out.append("NaN");
    const auto bits = std::bit_cast<uint64_t>(value);
    if (bits == kNormalNanBits) return;
    char text[24];
    std::snprintf(text, sizeof text, "(0x%016llx)", static_cast<unsigned long long>(bits));
    out.append(text);
  } else if (std::isinf(value)) {
    out.append(value > 0 ? "+Inf" : "-Inf");
  } else {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

std::string ForTerminal(std::string_view text) {
  std::string out;
  while (!text.empty()) text.remove_prefix(AppendSafe(text, false, out));
  return out;
}

std::string JsonForTerminal(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) json.remove_prefix(AppendSafe(json, true, out));
  return out;
}

}  // namespace limpet
