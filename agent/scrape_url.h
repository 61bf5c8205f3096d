// What a user types as the address of a page, as the settings of a target.
//
// Who calls it: `limpet scrape`; a pure function.
// The scheme and the path may be left out: then they are the job's, as is the query. What is there
// replaces what the job says.
//
//   "10.0.0.7:9100"  "https://[::1]:8443/stats?format=prometheus"
#ifndef LIMPET_AGENT_SCRAPE_URL_H_
#define LIMPET_AGENT_SCRAPE_URL_H_

#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "agent/platform/result.h"

namespace limpet {

// Puts scheme, path and parameters into the job; its __address__.
Result<std::string> ApplyScrapeUrl(std::string_view text, ScrapeConfig& job);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_URL_H_
