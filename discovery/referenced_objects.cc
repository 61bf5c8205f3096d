#include "discovery/referenced_objects.h"

#include <functional>

#include "discovery/monitor_kind.h"

namespace limpet {
namespace {

constexpr size_t kWatchedMax = 1000;

}  // namespace

void ReferencedObjects::SetAccess(const KubernetesAccess& access) {
  if (access == access_) return;
  Keep({});
  access_ = access;
}

const KubernetesStore* ReferencedObjects::StoreOf(const MonitorReference& reference) const {
  const auto known = watched_.find(reference);
  return known == watched_.end() ? nullptr : known->second.get();
}

MonitorReferences::Answer ReferencedObjects::Find(const MonitorReference& reference,
                                                  std::string_view key) {
  asked_.insert(reference);
  const KubernetesStore* store = StoreOf(reference);
  if (store == nullptr || !store->listed()) return {Answer::State::kNotListed, {}};
  const auto slot = store->FindKnown(RecordKey(reference.name_space, reference.name));
  if (!slot) return {Answer::State::kNoObject, {}};
  const auto value = FindValue(store->record(*slot), key);
  if (!value) return {Answer::State::kNoKey, {}};
  return {Answer::State::kFound, *value};
}

void ReferencedObjects::Keep(const std::set<MonitorReference>& needed) {
  for (auto it = watched_.begin(); it != watched_.end();) {
    if (needed.contains(it->first)) {
      ++it;
    } else {
      it->second->Unsubscribe(subscriber_);
      it = watched_.erase(it);
    }
  }
  for (const MonitorReference& reference : needed) {
    if (watched_.contains(reference)) continue;
    if (watched_.size() >= kWatchedMax) return;
    const KubernetesKind& kind = reference.is_secret ? SecretKind() : ConfigMapKind();
    const KubernetesScope scope{reference.name_space, false, "", "metadata.name=" + reference.name};
    auto store = stores_.Find(access_, kind, scope);
    store->Subscribe(subscriber_);
    watched_.emplace(reference, std::move(store));
  }
}

uint64_t ReferencedObjects::Version(const MonitorReference& reference) const {
  const KubernetesStore* store = StoreOf(reference);
  if (store == nullptr || !store->listed()) return 0;
  const auto slot = store->FindKnown(RecordKey(reference.name_space, reference.name));
  return slot ? std::hash<std::string>()(store->record(*slot)) | 2 : 1;
}

std::string ReferencedObjects::Trouble(const MonitorReference& reference) const {
  const KubernetesStore* store = StoreOf(reference);
  if (store == nullptr) return "more than 1000 Secrets and ConfigMaps are named";
  const std::string error = store->Status().last_error;
  return error.empty() ? "not listed yet" : error;
}

}  // namespace limpet
