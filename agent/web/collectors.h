// limpet's own metrics, one collector a module: each reads the status of its module when asked.
//
// Who calls it: Metrics; the loop's thread. `sources` must outlive the collectors.
// Names: limpet_ and what it is, base units (seconds, bytes), _total on counters alone, as
// https://prometheus.io/docs/practices/naming/ has it; where Prometheus has a metric for the same
// thing, its name with limpet_ for prometheus_. The process_ names are those of the client
// libraries.
#ifndef LIMPET_AGENT_WEB_COLLECTORS_H_
#define LIMPET_AGENT_WEB_COLLECTORS_H_

#include "agent/web/metric_family.h"
#include "agent/web/sources.h"

namespace limpet {

void CollectConfig(const WebSources& sources, MetricFamilies& families);
void CollectDiscovery(const WebSources& sources, MetricFamilies& families);
void CollectMonitors(const WebSources& sources, MetricFamilies& families);
void CollectLeaderElection(const WebSources& sources, MetricFamilies& families);
void CollectRefreshes(const WebSources& sources, MetricFamilies& families);
void CollectScrape(const WebSources& sources, MetricFamilies& families);
void CollectLog(const WebSources& sources, MetricFamilies& families);
void CollectMemory(const WebSources& sources, MetricFamilies& families);
void CollectReceivers(const WebSources& sources, MetricFamilies& families);
// From /proc/self; what cannot be read is left out.
void CollectProcess(const WebSources& sources, MetricFamilies& families);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_COLLECTORS_H_
