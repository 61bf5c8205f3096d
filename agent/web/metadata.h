// What targets say of their metrics, as JSON: type, help and unit of each family.
//
// Who calls it: the routes; the loop's thread.
// Source: Prometheus 3, GET /api/v1/targets/metadata (parameters match_target, metric, limit) and
// GET /api/v1/metadata (metric, limit, limit_per_metric). It differs in this: it is what the last
// page of each target says that was read, while Prometheus shows a family for ten more scrapes and
// the first lines of a page that fails; and it is in order, of the page there, of names here.
// Limits: an answer ends at about 16 MiB, and says so in `warnings`.
#ifndef LIMPET_AGENT_WEB_METADATA_H_
#define LIMPET_AGENT_WEB_METADATA_H_

#include "agent/platform/http_server.h"
#include "agent/web/sources.h"

namespace limpet {

HttpServerResponse TargetsMetadata(const WebSources& sources, const HttpServerRequest& request);
HttpServerResponse MetricsMetadata(const WebSources& sources, const HttpServerRequest& request);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_METADATA_H_
