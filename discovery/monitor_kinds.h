// The translators of the kinds, one each: they make jobs of a spec.
//
// Who calls it: TranslateMonitor, on the loop's thread.
#ifndef LIMPET_DISCOVERY_MONITOR_KINDS_H_
#define LIMPET_DISCOVERY_MONITOR_KINDS_H_

#include "discovery/monitor_field.h"
#include "discovery/monitor_references.h"
#include "discovery/monitor_translation.h"

namespace limpet {

void TranslateServiceMonitor(const MonitorInput& input, const MonitorField& spec,
                             MonitorReferences& references, MonitorJobs& out);
void TranslatePodMonitor(const MonitorInput& input, const MonitorField& spec,
                         MonitorReferences& references, MonitorJobs& out);
void TranslateProbe(const MonitorInput& input, const MonitorField& spec,
                    MonitorReferences& references, MonitorJobs& out);
void TranslateScrapeConfig(const MonitorInput& input, const MonitorField& spec,
                           MonitorReferences& references, MonitorJobs& out);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_KINDS_H_
