// Text from outside, made safe to put into lines, JSON and pages that must be UTF-8.
//
// Who calls it: whoever writes out what others sent; any thread.
// Valid means RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef LIMPET_AGENT_PLATFORM_UTF8_H_
#define LIMPET_AGENT_PLATFORM_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace limpet {

// The bytes of the character that the text begins with; 0 where it begins with none.
size_t Utf8CharacterBytes(std::string_view text);

// The text with every byte that belongs to no character replaced by U+FFFD, cut between two
// characters to at most `bytes_max` bytes, with "..." behind where something was cut.
std::string ToValidUtf8(std::string_view text, size_t bytes_max = std::string_view::npos);

// ASCII's control characters, which would end a header or a line early.
inline bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool HasControl(std::string_view text);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_UTF8_H_
