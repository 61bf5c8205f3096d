// What an HTTP answer must look like to be a page of metrics.
//
// Who calls it: the target, on the loop's thread.
// Source: Prometheus 3: only 200 is good; a media type that it does not know, or none, is an error
// as there is no fallback_scrape_protocol. Of the formats Prometheus knows, text/plain is read here
// and asked for in Accept.
#ifndef LIMPET_AGENT_SCRAPE_SCRAPE_ANSWER_H_
#define LIMPET_AGENT_SCRAPE_SCRAPE_ANSWER_H_

#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

// "503 Service Unavailable"
std::string HttpStatusText(int status);

Result<void> CheckContentType(std::string_view content_type);

enum class ContentCoding { kIdentity, kGzip };
Result<ContentCoding> ParseContentCoding(std::string_view content_encoding);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPE_ANSWER_H_
