// The API servers and stores that are in use: what several ask for in the same words, they share.
//
// Who calls it: Discovery and MonitorDiscovery, which hold the stores that they need; the loop's
// thread. Operation: a store ends with its last holder. A new one asks for nothing before
// StartNew, so that subscribers of all of them are in place by then.
#ifndef LIMPET_DISCOVERY_KUBERNETES_STORES_H_
#define LIMPET_DISCOVERY_KUBERNETES_STORES_H_

#include <memory>
#include <vector>

#include "agent/platform/event_loop.h"
#include "discovery/kubernetes_api.h"
#include "discovery/kubernetes_options.h"
#include "discovery/kubernetes_store.h"
#include "discovery/pod_sighting.h"

namespace limpet {

class KubernetesStores {
 public:
  KubernetesStores(EventLoop& loop, const Clock& clock, KubernetesOptions options)
      : loop_(loop), clock_(clock), options_(std::move(options)) {}
  KubernetesStores(const KubernetesStores&) = delete;
  KubernetesStores& operator=(const KubernetesStores&) = delete;

  std::shared_ptr<KubernetesStore> Find(const KubernetesAccess& access, const KubernetesKind& kind,
                                        const KubernetesScope& scope);
  void StartNew();
  // Of each store, those not started among them.
  std::vector<DiscoveryStatus> Status() const;
  PodSearch LookForPod(const PodName& pod) const;
  // Of the first API server for which it is known; empty: of none.
  std::string OwnNamespace() const;

 private:
  std::shared_ptr<KubernetesApi> FindApi(const KubernetesAccess& access);

  EventLoop& loop_;
  const Clock& clock_;
  const KubernetesOptions options_;
  std::vector<std::weak_ptr<KubernetesApi>> apis_;
  std::vector<std::weak_ptr<KubernetesStore>> stores_;
  std::vector<std::shared_ptr<KubernetesStore>> new_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_STORES_H_
