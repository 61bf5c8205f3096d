// Relabelling step by step, as JSON.
//
// Who calls it: the routes and explain.cc; the loop's thread.
// Source: Prometheus 3.8, GET /api/v1/targets/relabel_steps: a job's relabel_configs applied to
// labels that the request brings, `{"steps":[{"rule":{...},"output":{...},"keep":true}]}`; behind a
// rule that drops them every step has no output and keep false. Limits: those of a request's head.
#ifndef LIMPET_AGENT_WEB_RELABEL_STEPS_H_
#define LIMPET_AGENT_WEB_RELABEL_STEPS_H_

#include <string_view>

#include "agent/platform/http_server.h"
#include "agent/relabel/relabel.h"
#include "agent/web/json_writer.h"
#include "agent/web/sources.h"

namespace limpet {

// `labels` is a JSON object of texts.
HttpServerResponse RelabelSteps(const WebSources& sources, std::string_view scrape_pool,
                                std::string_view labels);

// {"sourceLabels":["a"],"separator":";","regex":"(.*)","replacement":"$1","action":"keep"}
void WriteRelabelRule(const RelabelRule& rule, JsonWriter& json);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_RELABEL_STEPS_H_
