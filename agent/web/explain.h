// Why a pod is scraped, or not: what discovery knows of it, which jobs see it, and what relabelling
// makes of each of its targets, rule by rule.
//
// Who calls it: the routes; the loop's thread.
// Everything is made when it is asked for, from the objects and rules that are in use; nothing is
// kept. Limits: 50 watches, 100 jobs that see the pod and 100 that do not, 10 targets a job (and
// the first of each further state), 100 in all, 2000 looked at; no further target nor step once
// the answer has 1 MiB. What is left out is counted in `notShown`.
//
//   {"status":"success","data":{
//     "pod":{"namespace":"shop","name":"api-1"}, "verdict":"dropped",
//     "object":{"ip":"10.0.0.1","phase":"Running","ready":"true","node":"n","controller":"..."},
//     "watches":[{"role":"pod","namespace":"shop",...,"listed":true,"lastError":"","hasPod":true}],
//     "scrapePools":[{"scrapePool":"api","madeFrom":"","role":"pod","configIndex":0,"reason":"",
//       "targets":[{"state":"dropped","droppedBy":{"index":1,"line":14,"action":"keep"},
//         "discoveredLabels":{...},
//         "steps":[{"index":0,"line":12,"rule":{...},"keep":true,"set":{...},"removed":[]}]}],
//       "targetCounts":{"dropped":1}}],
//     "notSeenBy":[{"scrapePool":"db","role":"pod","configIndex":0,"reason":"..."}],
//     "notShown":{"watches":0,"scrapePools":0,"notSeenBy":0,"targets":0,"targetsNotLookedAt":0}}}
//
// The verdict is the best that a target has come to: scraped, standby, refused,
// other_shard, dropped; or no_targets (a
// job sees the pod), not_seen (a watch has it, and no job sees it), unknown (no watch has it).
#ifndef LIMPET_AGENT_WEB_EXPLAIN_H_
#define LIMPET_AGENT_WEB_EXPLAIN_H_

#include <string_view>

#include "agent/platform/http_server.h"
#include "agent/web/sources.h"

namespace limpet {

// `pod` is NAMESPACE/NAME, or NAME where limpet knows its own namespace.
HttpServerResponse ExplainPod(const WebSources& sources, std::string_view pod);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_EXPLAIN_H_
