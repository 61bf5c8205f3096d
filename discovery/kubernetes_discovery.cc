#include "discovery/kubernetes_discovery.h"

#include <utility>

namespace limpet {

KubernetesDiscovery::KubernetesDiscovery(EventLoop& loop, const Clock& clock,
                                         std::shared_ptr<KubernetesApi> api,
                                         const KubernetesRole& role, KubernetesScope scope,
                                         const KubernetesWatchOptions& options, OnChange on_change,
                                         OnList on_list)
    : api_(std::move(api)),
      role_(role),
      scope_(std::move(scope)),
      on_change_(std::move(on_change)),
      on_list_(std::move(on_list)),
      watch_(loop, clock, api_, role_, scope_, options, *this) {}

bool KubernetesDiscovery::Is(const KubernetesAccess& access, const KubernetesRole& role,
                             const KubernetesScope& scope) const {
  return &role == &role_ && scope == scope_ && access == api_->access();
}

bool KubernetesDiscovery::Overlaps(const KubernetesDiscovery& other) const {
  // Empty for all namespaces, and for one's own before it has been found out.
  const std::string& one = watch_.status().name_space;
  const std::string& another = other.watch_.status().name_space;
  return one.empty() || another.empty() || one == another;
}

DiscoveryStatus KubernetesDiscovery::Status() const {
  DiscoveryStatus status = watch_.status();
  status.objects = objects_.size();
  status.events_added_total = events_added_total_;
  status.events_modified_total = events_modified_total_;
  status.events_deleted_total = events_deleted_total_;
  return status;
}

void KubernetesDiscovery::ForEachGroup(const std::function<void(TargetGroup)>& function) const {
  for (const auto& [source, object] : objects_) {
    if (object.reported) function(role_.Group(object.record));
  }
}

bool KubernetesDiscovery::HasGroup(const std::string& source) const {
  const auto found = objects_.find(source);
  return found != objects_.end() && found->second.reported;
}

std::string KubernetesDiscovery::Source(const JsonValue& object) const {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  const std::string_view name = JsonStringAt(metadata, "name");
  if (name.empty()) return "";
  std::string source(role_.name());
  source.append("/").append(JsonStringAt(metadata, "namespace")).append("/").append(name);
  return source;
}

void KubernetesDiscovery::OnListStart() {
  ++list_;
  listing_ = true;
  on_list_();
}

void KubernetesDiscovery::OnObject(const JsonValue& object) {
  std::string source = Source(object);
  if (source.empty()) return;
  std::string record = role_.Record(object);
  const auto [found, added] = objects_.try_emplace(std::move(source));
  Object& known = found->second;
  known.list = list_;
  const bool same = !added && !known.deleted && known.record == record;
  if (added) {
    ++events_added_total_;
  } else if (!same || !listing_) {
    ++events_modified_total_;
  }
  if (same) return;
  known.record = std::move(record);
  known.deleted = false;
  Changed(*found);
}

void KubernetesDiscovery::OnDeleted(const JsonValue& object) {
  const auto found = objects_.find(Source(object));
  if (found != objects_.end()) Delete(*found);
}

void KubernetesDiscovery::OnListed() {
  listing_ = false;
  complete_ = true;
  for (auto& object : objects_) {
    if (object.second.list != list_) Delete(object);
  }
}

void KubernetesDiscovery::Changed(Objects::value_type& object) {
  if (!object.second.changed) changed_.push_back(object.first);
  object.second.changed = true;
}

void KubernetesDiscovery::Delete(Objects::value_type& object) {
  if (object.second.deleted) return;
  ++events_deleted_total_;
  object.second.deleted = true;
  Changed(object);
}

void KubernetesDiscovery::OnTurnEnd() {
  std::vector<TargetGroup> groups;
  for (const std::string& source : changed_) {
    const auto found = objects_.find(source);
    Object& object = found->second;
    object.changed = false;
    TargetGroup group;
    if (!object.deleted) group = role_.Group(object.record);
    group.source = source;
    const bool was_reported = object.reported;
    object.reported = !group.targets.empty();
    if (object.deleted) objects_.erase(found);
    // Without an address before and after: nothing that anyone has heard of.
    if (was_reported || !group.targets.empty()) groups.push_back(std::move(group));
  }
  changed_.clear();
  if (!groups.empty()) on_change_(*this, groups);
  if (std::exchange(complete_, false)) on_list_();
}

}  // namespace limpet
