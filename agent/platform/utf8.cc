#include "agent/platform/utf8.h"

#include <algorithm>

namespace limpet {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xc0) == 0x80; }

}  // namespace

size_t Utf8CharacterBytes(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < bytes) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  // The second byte rules out overlong forms, surrogates and what is above U+10FFFF.
  if (lead == 0xe0 && at(1) < 0xa0) return 0;
  if (lead == 0xed && at(1) > 0x9f) return 0;
  if (lead == 0xf0 && at(1) < 0x90) return 0;
  if (lead == 0xf4 && at(1) > 0x8f) return 0;
  return bytes;
}

std::string ToValidUtf8(std::string_view text, size_t bytes_max) {
  std::string out;
  out.reserve(text.size() < bytes_max ? text.size() : bytes_max);
  while (!text.empty()) {
    const size_t bytes = Utf8CharacterBytes(text);
    const std::string_view character = bytes == 0 ? "\xef\xbf\xbd" : text.substr(0, bytes);
    if (character.size() > bytes_max - out.size()) {
      out += "...";
      break;
    }
    out += character;
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return out;
}

bool HasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), IsControl); }

}  // namespace limpet
