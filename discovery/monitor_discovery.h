// Objects of monitoring.coreos.com as jobs: watches them and the Secrets and ConfigMaps that they
// name, translates them, and tells which jobs have changed.
//
// Who calls it: main; the loop's thread only. The listener must not call back into it.
// Operation: each kind is watched once a namespace (or once for all). A change of an object, or of
// a Secret that it names, translates that object anew and no other, in the next turn of the loop;
// jobs that come out as they were are told to nobody. An object with an error has no jobs, as with
// the Prometheus operator, and harms no other: it is logged once, counted and shown. What is named
// in a Secret or ConfigMap is watched one by one, by its name (fieldSelector metadata.name): a Role
// may then allow just these by resourceNames, and no value is in memory that no object needs. Where
// that is not allowed, objects that need none have their jobs all the same.
// Nothing is taken back while the API server is away, nor while a changed configuration has yet to
// list where an object may be.
// Limits: 10 000 objects, the others are passed over; 2000 jobs and 1000 Secrets and ConfigMaps:
// what is beyond is in error, or waits.
#ifndef LIMPET_DISCOVERY_MONITOR_DISCOVERY_H_
#define LIMPET_DISCOVERY_MONITOR_DISCOVERY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "discovery/kubernetes_stores.h"
#include "discovery/monitor_status.h"

namespace limpet {

class MonitorDiscovery {
 public:
  // Jobs that are new or have changed, and the names of those that are gone.
  using Listener = std::function<void(const std::vector<ScrapeConfig>& changed,
                                      const std::vector<std::string>& gone)>;

  // `stores` must outlive it.
  MonitorDiscovery(EventLoop& loop, KubernetesStores& stores, Listener listener);
  ~MonitorDiscovery();
  MonitorDiscovery(const MonitorDiscovery&) = delete;
  MonitorDiscovery& operator=(const MonitorDiscovery&) = delete;

  // Takes a configuration. The listener hears nothing of what that changes: Jobs() tells it.
  void Apply(const Config& config);
  // In order of name.
  std::vector<ScrapeConfig> Jobs() const;
  // Every kind has listed wherever it is looked for.
  bool AllListed() const;
  // Of each object, in order of kind, namespace and name.
  std::vector<MonitorStatus> Status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_DISCOVERY_H_
