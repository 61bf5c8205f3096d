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
  // Every discovery of every job has listed at least once.
  bool AllListed() const;
  std::vector<DiscoveryStatus> Status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_DISCOVERY_H_
