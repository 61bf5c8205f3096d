// The pages for people: an overview, and the targets as a table by job.
//
// Who calls it: the routes; the loop's thread.
// Limits: the table ends after 2000 targets and says how many more there are; of dropped ones 50
// are shown.
#ifndef LIMPET_AGENT_WEB_PAGES_H_
#define LIMPET_AGENT_WEB_PAGES_H_

#include <string_view>

#include "agent/platform/http_server.h"
#include "agent/web/sources.h"

namespace limpet {

HttpServerResponse IndexPage(const WebSources& sources);

// `scrape_pool` is a job's name, or empty for all.
HttpServerResponse TargetsPage(const WebSources& sources, std::string_view scrape_pool);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_PAGES_H_
