#include "discovery/kubernetes_discovery.h"
#include "discovery/pod.h"
#include "discovery/record.h"

namespace limpet {
namespace {

constexpr std::string_view kPodNameLabel = "__meta_kubernetes_pod_name";
// What endpoints say of an address, whether the pod behind it is known or not.
constexpr std::string_view kAddressTargetLabels[] = {
    "__meta_kubernetes_endpoint_address_target_",
    "__meta_kubernetes_endpointslice_address_target_"};

bool IsOfPod(const PodName& pod, const TargetGroup& group, const Labels& target) {
  if (target.Get(kPodNameLabel) == pod.name || group.labels.Get(kPodNameLabel) == pod.name) {
    return true;
  }
  for (const std::string_view prefix : kAddressTargetLabels) {
    const std::string label(prefix);
    if (target.Get(label + "kind") == "Pod" && target.Get(label + "name") == pod.name) return true;
  }
  return false;
}

std::string PlaceOf(const KubernetesStore& store) {
  const DiscoveryStatus status = store.Status();
  std::string text = "the watch of role " + status.role + " in ";
  return text + (status.name_space.empty() ? "all namespaces" : "namespace " + status.name_space);
}

std::string SelectorOf(const KubernetesStore& store) {
  const KubernetesScope& scope = store.scope();
  std::string text;
  if (!scope.label_selector.empty()) text += "label " + scope.label_selector;
  if (!scope.field_selector.empty()) {
    text += (text.empty() ? "field " : ", field ") + scope.field_selector;
  }
  return text;
}

}  // namespace

std::optional<PodSighting> KubernetesDiscovery::SeePod(const PodName& pod) {
  const KubernetesRole& role = *parts_.role;
  const bool is_pod_role = &role.kind == &kPodKind;
  if (!is_pod_role && parts_.related[static_cast<size_t>(Related::kPod)] == nullptr) {
    return std::nullopt;
  }
  PodSighting sighting;
  sighting.role = role.name;
  sighting.covers = parts_.objects->Covers(pod.name_space);
  sighting.name_space = parts_.objects->name_space();
  if (!sighting.covers) {
    sighting.reason = sighting.name_space.empty()
                          ? "its own namespace is not known yet"
                          : "it looks in other namespaces: " + sighting.name_space;
    return sighting;
  }
  const std::string key = RecordKey(pod.name_space, pod.name);
  if (is_pod_role) {
    const auto slot = parts_.objects->FindKnown(key);
    sighting.seen = slot.has_value();
    if (slot) AddGroupOfPod(*slot, pod, sighting);
    if (slot && sighting.groups.empty()) sighting.reason = WhyNoTargets(*slot);
  } else {
    std::vector<Slot> slots;
    ForEachNeeding(Related::kPod, key, [&](Slot slot) { slots.push_back(slot); });
    for (const Slot slot : slots) AddGroupOfPod(slot, pod, sighting);
    sighting.seen = !sighting.groups.empty();
  }
  if (!sighting.seen) sighting.reason = WhyNotSeen(is_pod_role);
  return sighting;
}

void KubernetesDiscovery::AddGroupOfPod(Slot slot, const PodName& pod, PodSighting& sighting) {
  if (slot >= told_.size() || told_[slot] == 0) return;
  TargetGroup group = Make(slot);
  std::erase_if(group.targets, [&](const Labels& target) { return !IsOfPod(pod, group, target); });
  if (!group.targets.empty()) sighting.groups.push_back(std::move(group));
}

std::string KubernetesDiscovery::Unlisted() const {
  const auto why = [](const KubernetesStore& store) {
    const DiscoveryStatus status = store.Status();
    return PlaceOf(store) + " has not listed yet" +
           (status.last_error.empty() ? "" : ": " + status.last_error);
  };
  if (!parts_.objects->listed()) return why(*parts_.objects);
  for (const auto& store : parts_.related) {
    if (store && !store->listed()) return why(*store);
  }
  return "";
}

std::string KubernetesDiscovery::WhyNotSeen(bool is_pod_role) const {
  if (std::string unlisted = Unlisted(); !unlisted.empty()) return unlisted;
  const std::string selector = SelectorOf(*parts_.objects);
  std::string reason = is_pod_role ? "there is no pod of that name"
                                   : "no " + std::string(parts_.role->name) + " object names it";
  if (!selector.empty()) reason += " among those selected by " + selector;
  const DiscoveryStatus status = parts_.objects->Status();
  if (!status.connected && !status.last_error.empty()) {
    reason += "; what has changed since then is not known: " + status.last_error;
  }
  return reason;
}

std::string KubernetesDiscovery::WhyNoTargets(Slot slot) const {
  if (std::string unlisted = Unlisted(); !unlisted.empty()) return unlisted;
  const Pod pod = DecodePod(parts_.objects->record(slot));
  if (pod.ip.empty()) return "the pod has no IP yet";
  if (pod.containers.empty()) return "the pod has no containers";
  if (parts_.attach.node) {
    return "attach_metadata wants the pod's node, and there is none of that name: \"" +
           std::string(pod.node_name) + "\"";
  }
  return "it makes no targets of the pod";
}

}  // namespace limpet
