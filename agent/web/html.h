// HTML of limpet's pages: plain, self-contained, readable without scripts.
//
// Who calls it: web/'s pages; any thread.
// Everything that is not a constant goes through HtmlText: label values, errors and URLs are what
// others sent. The answer forbids scripts and every request to elsewhere besides.
#ifndef LIMPET_AGENT_WEB_HTML_H_
#define LIMPET_AGENT_WEB_HTML_H_

#include <string>
#include <string_view>

#include "agent/platform/http_server.h"

namespace limpet {

// Escaped for content and for attributes in double quotes; valid UTF-8 without control characters.
std::string HtmlText(std::string_view text);

// A whole page around a body of HTML.
HttpServerResponse HtmlPage(std::string_view title, std::string_view body);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_HTML_H_
