#include "discovery/kubernetes_store.h"

#include <functional>
#include <utility>

#include "discovery/record.h"

namespace limpet {
namespace {

// RFC 1123: a subdomain and a label, as Kubernetes checks them.
constexpr size_t kNameBytesMax = 253;
constexpr size_t kNamespaceBytesMax = 63;

uint64_t HashOfKey(std::string_view key) { return std::hash<std::string_view>()(key); }

// Empty where the object cannot be one of Kubernetes'.
std::string KeyOf(const JsonValue& object) {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  const std::string_view name = JsonStringAt(metadata, "name");
  const std::string_view name_space = JsonStringAt(metadata, "namespace");
  if (name.empty() || name.size() > kNameBytesMax || name_space.size() > kNamespaceBytesMax) {
    return "";
  }
  return RecordKey(name_space, name);
}

}  // namespace

KubernetesStore::KubernetesStore(EventLoop& loop, const Clock& clock,
                                 std::shared_ptr<KubernetesApi> api, const KubernetesKind& kind,
                                 KubernetesScope scope, const KubernetesWatchOptions& options)
    : api_(std::move(api)),
      kind_(kind),
      scope_(std::move(scope)),
      watch_(loop, clock, api_, kind_, scope_, options, *this) {}

bool KubernetesStore::Is(const KubernetesAccess& access, const KubernetesKind& kind,
                         const KubernetesScope& scope) const {
  return &kind == &kind_ && scope == scope_ && access == api_->access();
}

bool KubernetesStore::Covers(std::string_view wanted) const {
  // Its own namespace is not known at first.
  return name_space().empty() ? !scope_.own_namespace : name_space() == wanted;
}

DiscoveryStatus KubernetesStore::Status() const {
  DiscoveryStatus status = watch_.status();
  status.label_selector = scope_.label_selector;
  status.field_selector = scope_.field_selector;
  status.objects = objects_.size() - free_.size();
  status.events_added_total = events_added_total_;
  status.events_modified_total = events_modified_total_;
  status.events_deleted_total = events_deleted_total_;
  return status;
}

std::optional<KubernetesStore::Slot> KubernetesStore::Find(std::string_view name_space,
                                                           std::string_view name) const {
  return FindKey(RecordKey(name_space, name));
}

std::optional<KubernetesStore::Slot> KubernetesStore::FindKnown(std::string_view key) const {
  const auto found = FindKey(key);
  return found && IsKnown(*found) ? found : std::nullopt;
}

std::optional<KubernetesStore::Slot> KubernetesStore::FindKey(std::string_view key) const {
  const auto [begin, end] = by_key_.equal_range(HashOfKey(key));
  for (auto known = begin; known != end; ++known) {
    // A key ends where its name does: no other key begins with it.
    if (objects_[known->second].record.starts_with(key)) return known->second;
  }
  return std::nullopt;
}

KubernetesStore::Slot KubernetesStore::Add(std::string_view key) {
  Slot slot = slots();
  if (free_.empty()) {
    objects_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  by_key_.emplace(HashOfKey(key), slot);
  return slot;
}

void KubernetesStore::Free(Slot slot) {
  const auto [begin, end] = by_key_.equal_range(HashOfKey(KeyOfRecord(objects_[slot].record)));
  for (auto known = begin; known != end; ++known) {
    if (known->second != slot) continue;
    by_key_.erase(known);
    break;
  }
  objects_[slot] = Object();
  free_.push_back(slot);
}

void KubernetesStore::OnListStart() {
  ++list_;
  listing_ = true;
  for (Subscriber* subscriber : subscribers_) subscriber->OnStoreList(*this);
}

void KubernetesStore::OnObject(const JsonValue& object) {
  const std::string key = KeyOf(object);
  if (key.empty()) return;
  std::string record = kind_.record(object);
  const std::optional<Slot> found = FindKey(key);
  const Slot slot = found ? *found : Add(key);
  Object& known = objects_[slot];
  known.list = list_;
  const bool same = found && !known.deleted && known.record == record;
  if (!found) {
    ++events_added_total_;
  } else if (!same || !listing_) {
    ++events_modified_total_;
  }
  if (same) return;
  known.record = std::move(record);
  known.deleted = false;
  Changed(slot);
}

void KubernetesStore::OnDeleted(const JsonValue& object) {
  const std::string key = KeyOf(object);
  if (key.empty()) return;
  if (const auto found = FindKey(key)) Delete(*found);
}

void KubernetesStore::OnListed() {
  listing_ = false;
  complete_ = true;
  for (Slot slot = 0; slot < slots(); ++slot) {
    if (IsKnown(slot) && objects_[slot].list != list_) Delete(slot);
  }
}

void KubernetesStore::Changed(Slot slot) {
  if (!objects_[slot].changed) changed_.push_back(slot);
  objects_[slot].changed = true;
}

void KubernetesStore::Delete(Slot slot) {
  if (objects_[slot].deleted) return;
  ++events_deleted_total_;
  objects_[slot].deleted = true;
  Changed(slot);
}

void KubernetesStore::OnTurnEnd() {
  const std::vector<Slot> changed = std::exchange(changed_, {});
  if (!changed.empty()) {
    for (Subscriber* subscriber : subscribers_) subscriber->OnStoreChange(*this, changed);
    for (const Slot slot : changed) {
      objects_[slot].changed = false;
      if (objects_[slot].deleted) Free(slot);
    }
  }
  if (!std::exchange(complete_, false)) return;
  for (Subscriber* subscriber : subscribers_) subscriber->OnStoreList(*this);
}

}  // namespace limpet
