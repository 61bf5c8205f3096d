// Who is there: runs the discoveries of all jobs and reports their targets as they change.
//
// Who calls it: main; the loop's thread only. The listener must not call back into it.
// Operation: Apply starts what is new, stops what is gone and leaves alone what is the same (each
// kind of Kubernetes object is watched once for all jobs and roles that want it in the same scope).
// It then reports the groups of every job again, so that changed relabelling takes effect; a job
// that is gone has its groups taken back. The groups of a discovery that is replaced stay, and are
// kept up to date, until its successor has listed. An API server that is away changes nothing:
// targets stay.
#ifndef LIMPET_DISCOVERY_DISCOVERY_H_
#define LIMPET_DISCOVERY_DISCOVERY_H_

#include <memory>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "discovery/discovery_status.h"
#include "discovery/kubernetes_options.h"
#include "discovery/kubernetes_stores.h"
#include "discovery/pod_sighting.h"
#include "discovery/refresh_status.h"
#include "discovery/target_group.h"

namespace limpet {

class Discovery {
 public:
  Discovery(EventLoop& loop, const Clock& clock, TargetGroupListener listener,
            KubernetesOptions options = KubernetesOptions::FromProcess());
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  void Apply(const std::vector<ScrapeConfig>& jobs);
  // The same for some jobs alone: those that are new or changed, and the names of those that are
  // gone. The listener hears of no other.
  void Change(const std::vector<ScrapeConfig>& changed, const std::vector<std::string>& gone);
  // Every discovery of every job of the configuration file has listed at least once; what a job
  // made from an object waits for is its author's matter.
  bool AllListed() const;
  // One a watch of Kubernetes objects, whoever holds its store.
  std::vector<DiscoveryStatus> Status() const;
  // One for each different entry of file_sd_configs and http_sd_configs.
  std::vector<RefreshStatus> Refreshes() const;
  KubernetesStores& stores();
  // Of the groups of a job that have targets those whose source is wanted, as they were told last.
  void ForEachWanted(const std::string& job, const WantTargetGroup& want,
                     const TakeTargetGroup& take) const;
  // What each job that looks for pods makes of this one.
  void ForEachSighting(const PodName& pod, const OnPodSighting& function) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_DISCOVERY_H_
