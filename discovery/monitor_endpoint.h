// What the endpoints of a ServiceMonitor and of a PodMonitor have in common.
//
// Who calls it: the translators of these kinds, on the loop's thread.
#ifndef LIMPET_DISCOVERY_MONITOR_ENDPOINT_H_
#define LIMPET_DISCOVERY_MONITOR_ENDPOINT_H_

#include <string>
#include <vector>

#include "discovery/monitor_job.h"
#include "discovery/monitor_rules.h"

namespace limpet {

// The endpoints of the spec under that name; an error where there are too many.
std::vector<MonitorField> MonitorEndpoints(const MonitorField& endpoints, MonitorJobs& out);

// honorLabels and the like, interval, path, params, scheme and the client settings.
void SetEndpoint(MonitorJob& job, const MonitorField& endpoint);

// Whether targets are chosen by rules, not by the API server. It is then asked for what the
// selector says, of these roles.
bool SelectsByRules(MonitorJob& job, const MonitorField& spec,
                    const std::vector<std::string>& roles, YamlNode& discovery);

void AttachMonitorMetadata(MonitorJob& job, const MonitorField& spec, YamlNode& discovery);

// Drops pods that have ended, unless filterRunning is false.
void AddRunningFilter(MonitorRules& rules, const MonitorField& endpoint);

// podTargetLabels of the spec, and those of limpet's configuration.
void AddPodTargetLabels(MonitorRules& rules, const MonitorJob& job, const MonitorField& spec);

// The label endpoint, where a port is named.
void AddEndpointLabel(MonitorRules& rules, const MonitorField& endpoint);
// Keeps the container's port of that name or number.
void AddContainerPort(MonitorRules& rules, const MonitorField& target_port);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_ENDPOINT_H_
