// Prometheus' HTTP API, as far as an agent has it.
//
// Who calls it: the routes; the loop's thread.
// Source: Prometheus 3, GET /api/v1/targets: field names, their order, and what is left out for a
// state. Targets come in the order in which the scrape manager gives them, job by job. Limits: of
// dropped targets those that keep_dropped_targets of their job lets through, and at most 2000.
#ifndef LIMPET_AGENT_WEB_API_H_
#define LIMPET_AGENT_WEB_API_H_

#include <string>
#include <string_view>

#include "agent/platform/http_server.h"
#include "agent/web/sources.h"

namespace limpet {

class JsonWriter;

// `state` is active, dropped, any or empty (any); as in Prometheus, another one shows nothing.
// `scrape_pool` is a job's name, or empty for all.
std::string TargetsJson(const WebSources& sources, std::string_view state,
                        std::string_view scrape_pool, const std::string& host_name);

// Opens an answer: the value of its "data" comes next, then the end of the object.
void BeginData(JsonWriter& json);

// The answer to a request that makes no sense, as Prometheus says it.
HttpServerResponse BadData(std::string_view error);

// limpet's own: what became of each ServiceMonitor, PodMonitor, Probe and ScrapeConfig.
//
//   {"status":"success","data":{"monitors":[{"kind":"ServiceMonitor","namespace":"shop",
//     "name":"api","state":"invalid","errors":["spec.endpoints[0].interval: ..."],
//     "scrapePools":[]}]}}
std::string MonitorsJson(const WebSources& sources);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_API_H_
