// What an HTTP answer must look like to be a page of metrics.
//
// Who calls it: the target, on the loop's thread.
// Source: Prometheus 3: only 200 is good; the media type says which parser reads the page, whatever
// version it names. One that is not known or not well formed, or none, is an error unless there is
// a fallback_scrape_protocol.
#ifndef LIMPET_AGENT_SCRAPE_SCRAPE_ANSWER_H_
#define LIMPET_AGENT_SCRAPE_SCRAPE_ANSWER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/scrape_protocol.h"
#include "agent/platform/result.h"
#include "agent/scrape/page_format.h"

namespace limpet {

// The Accept header that asks for these, the first one most.
std::string AcceptHeader(const std::vector<ScrapeProtocol>& protocols);

// "503 Service Unavailable"
std::string HttpStatusText(int status);

Result<PageFormat> FormatOf(std::string_view content_type, std::optional<ScrapeProtocol> fallback);

enum class ContentCoding { kIdentity, kGzip };
Result<ContentCoding> ParseContentCoding(std::string_view content_encoding);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPE_ANSWER_H_
