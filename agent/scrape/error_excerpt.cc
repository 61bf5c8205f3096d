#include "agent/scrape/error_excerpt.h"

#include <algorithm>

namespace limpet {
namespace {

constexpr size_t kExcerptBytesMax = 60;

}  // namespace

std::string QuotedExcerpt(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, kExcerptBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  if (text.size() > kExcerptBytesMax) out += "...";
  out += '"';
  return out;
}

std::string ExcerptError(std::string_view what, std::string_view page, size_t offset) {
  const std::string_view before = page.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  // A long line is shown around the place, not from its start.
  if (offset - begin > kExcerptBytesMax / 2) begin = offset - kExcerptBytesMax / 2;
  const std::string_view rest = page.substr(begin);
  return "line " + std::to_string(line) + ": " + std::string(what) + ": " +
         QuotedExcerpt(rest.substr(0, rest.find('\n')));
}

}  // namespace limpet
