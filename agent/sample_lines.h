// One sample as a line: how `limpet log dump` and `limpet scrape` print it.
//
// Who calls it: the subcommands. What could steer a terminal is escaped (see sample_text.h).
//
//   2026-01-31T08:00:00.000Z up{instance="10.0.0.7:9100",job="node"} 1
//   2026-01-31T08:00:00.000Z http_requests_total{job="api"} 7 # counter
//   2026-01-31T08:00:00.000Z latency{job="api"} {count:7,sum:1.5,schema:3,buckets:4} # histogram
//   {"timestamp_ms":1769846400000,"labels":{"__name__":"up","job":"api"},"value":"1"}
#ifndef LIMPET_AGENT_SAMPLE_LINES_H_
#define LIMPET_AGENT_SAMPLE_LINES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/relabel/labels.h"
#include "queue/metric_metadata.h"

namespace limpet {

struct SampleLine {
  const Labels& labels;
  int64_t timestamp_ms = 0;
  double value = 0;
  const MetricMetadata& metadata = NoMetadata();
  std::string_view histogram = {};  // a native one, as in ScrapeView: it stands for the value
};

// The type stands behind the value where it is known; help and unit in JSON alone.
void AppendTextLine(const SampleLine& sample, std::string& line);
// The value is text, as in Prometheus' API.
void AppendJsonLine(const SampleLine& sample, std::string& line);

}  // namespace limpet

#endif  // LIMPET_AGENT_SAMPLE_LINES_H_
