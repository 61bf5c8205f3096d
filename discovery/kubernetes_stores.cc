#include "discovery/kubernetes_stores.h"

#include <algorithm>
#include <utility>

#include "discovery/pod.h"
#include "discovery/record.h"

namespace limpet {
namespace {

bool FindsPods(const KubernetesKind& kind) {
  return &kind == &kPodKind || &kind == &kEndpointsKind || &kind == &kEndpointSliceKind;
}

PodState StateOf(const Pod& pod) {
  PodState state;
  state.ip = pod.ip;
  state.phase = pod.phase;
  state.ready = pod.ready;
  state.node_name = pod.node_name;
  if (!pod.controller_kind.empty()) {
    state.controller.append(pod.controller_kind).append("/").append(pod.controller_name);
  }
  return state;
}

int RankOf(const PodWatch& watch) { return watch.has_pod ? 0 : watch.covers ? 1 : 2; }

}  // namespace

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

PodSearch KubernetesStores::LookForPod(const PodName& pod) const {
  PodSearch search;
  const std::string key = RecordKey(pod.name_space, pod.name);
  for (const auto& weak : stores_) {
    const auto store = weak.lock();
    if (!store || !FindsPods(store->kind())) continue;
    PodWatch& watch = search.watches.emplace_back();
    watch.status = store->Status();
    watch.covers = store->Covers(pod.name_space);
    if (&store->kind() != &kPodKind) continue;
    const auto slot = store->FindKnown(key);
    watch.has_pod = slot.has_value();
    if (slot && !search.pod) search.pod = StateOf(DecodePod(store->record(*slot)));
  }
  std::stable_sort(search.watches.begin(), search.watches.end(),
                   [](const PodWatch& a, const PodWatch& b) { return RankOf(a) < RankOf(b); });
  return search;
}

std::string KubernetesStores::OwnNamespace() const {
  for (const auto& weak : apis_) {
    const auto api = weak.lock();
    if (api && !api->identity().own_namespace.empty()) return api->identity().own_namespace;
  }
  return "";
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
