// Error texts that quote what came from outside: short, printable, with the line.
//
// Who calls it: the parser and the scraper, any thread.
// Limits: 60 bytes of the text are shown; the rest is "...".
#ifndef LIMPET_AGENT_SCRAPE_ERROR_EXCERPT_H_
#define LIMPET_AGENT_SCRAPE_ERROR_EXCERPT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace limpet {

// In double quotes, with backslashes before quotes and \xNN for what is not printable ASCII.
std::string QuotedExcerpt(std::string_view text);

// line 12: WHAT: "the line up to a little behind the offset"
std::string ExcerptError(std::string_view what, std::string_view page, size_t offset);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_ERROR_EXCERPT_H_
