#include "discovery/kubernetes_stores.h"

#include <utility>

namespace limpet {

std::shared_ptr<KubernetesStore> KubernetesStores::Find(const KubernetesAccess& access,
                                                        const KubernetesKind& kind,
                                                        const KubernetesScope& scope) {
  std::erase_if(stores_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : stores_) {
    if (auto store = weak.lock(); store->Is(access, kind, scope)) return store;
  }
  auto store = std::make_shared<KubernetesStore>(loop_, clock_, FindApi(access), kind, scope,
                                                 options_.watch);
  stores_.push_back(store);
  new_.push_back(store);
  return store;
}

void KubernetesStores::StartNew() {
  for (const auto& store : std::exchange(new_, {})) store->Start();
}

std::vector<DiscoveryStatus> KubernetesStores::Status() const {
  std::vector<DiscoveryStatus> all;
  for (const auto& weak : stores_) {
    if (const auto store = weak.lock()) all.push_back(store->Status());
  }
  return all;
}

std::shared_ptr<KubernetesApi> KubernetesStores::FindApi(const KubernetesAccess& access) {
  std::erase_if(apis_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : apis_) {
    if (auto api = weak.lock(); api->access() == access) return api;
  }
  auto api = std::make_shared<KubernetesApi>(access, options_.environment);
  apis_.push_back(api);
  return api;
}

}  // namespace limpet
