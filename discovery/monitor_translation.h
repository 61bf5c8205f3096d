// From an object of monitoring.coreos.com to the scrape configurations that it stands for.
//
// Who calls it: MonitorDiscovery, on the loop's thread; a pure function but for its references.
// Source: the configuration that the Prometheus operator (pkg/prometheus/promcfg.go) generates of
// each kind: job names, the rules of relabelling and their order, so that targets have the very
// labels that they have there. Where the operator refuses an object (a missing Secret, a scrape
// class that is not there), it has no job here either. Of what limpet has not, name schemes are
// passed over, for no target changes by them; ways to discover that it does not know are errors.
// Operation: a job is made as a tree of Prometheus' keys and checked by the readers of the
// configuration file. Errors are "FIELD: what is wrong", without any value of a Secret. Limits: 100
// endpoints an object, 100 errors.
#ifndef LIMPET_DISCOVERY_MONITOR_TRANSLATION_H_
#define LIMPET_DISCOVERY_MONITOR_TRANSLATION_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "discovery/monitor_references.h"

namespace limpet {

struct MonitorInput {
  MonitorKind kind;
  std::string_view name_space;
  std::string_view name;
  std::string_view spec;  // JSON
  const KubernetesMonitorsConfig& settings;
  const GlobalConfig& global;

  // "ServiceMonitor shop/api"
  std::string ToString() const;
};

struct MonitorJobs {
  std::vector<ScrapeConfig> jobs;  // none where there is an error or something to wait for
  std::vector<std::string> errors;
  std::vector<MonitorReference> waits_for;  // each once
};

MonitorJobs TranslateMonitor(const MonitorInput& input, MonitorReferences& references);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_TRANSLATION_H_
