// Lower and upper case as Go's strings.ToLower and strings.ToUpper: one character to one, by
// Unicode's simple mappings, whatever the locale.
//
// Who calls it: the lowercase and uppercase actions of relabelling; any thread.
// Limits: the tables are those of Unicode 14. Bytes that are not UTF-8 become U+FFFD, as in Go.
#ifndef LIMPET_AGENT_RELABEL_UNICODE_CASE_H_
#define LIMPET_AGENT_RELABEL_UNICODE_CASE_H_

#include <string>
#include <string_view>

namespace limpet {

std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);

}  // namespace limpet

#endif  // LIMPET_AGENT_RELABEL_UNICODE_CASE_H_
