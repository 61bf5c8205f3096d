#include "discovery/pod_targets.h"

#include <string>
#include <utility>

#include "discovery/attach_metadata.h"
#include "discovery/bounded_targets.h"
#include "discovery/meta_labels.h"

namespace limpet {
namespace {

class NothingRelated final : public RelatedObjects {
 public:
  std::optional<std::string_view> Find(Related, std::string_view, std::string_view) override {
    return std::nullopt;
  }
  void NoteCut() override {}
};

std::vector<Label> TargetLabels(const Pod& pod, const PodContainer& container,
                                const PodPort* port) {
  std::vector<Label> labels;
  labels.reserve(8);
  AddMeta(labels, "pod_container_name", container.name);
  AddMeta(labels, "pod_container_id", container.id);
  AddMeta(labels, "pod_container_image", container.image);
  AddMeta(labels, "pod_container_init", container.init ? "true" : "false");
  if (port == nullptr) {
    labels.push_back({"__address__", std::string(pod.ip)});
  } else {
    labels.push_back({"__address__", JoinHostPort(pod.ip, port->number)});
    AddMeta(labels, "pod_container_port_number", std::to_string(port->number));
    AddMeta(labels, "pod_container_port_name", port->name);
    AddMeta(labels, "pod_container_port_protocol", port->protocol);
  }
  return labels;
}

}  // namespace

void AddPodLabels(const Pod& pod, const AttachMetadata& attach, RelatedObjects& related,
                  std::vector<Label>& labels) {
  AddMeta(labels, "pod_name", pod.name);
  AddMeta(labels, "pod_ip", pod.ip);
  AddMeta(labels, "pod_ready", pod.ready);
  AddMeta(labels, "pod_phase", pod.phase);
  AddMeta(labels, "pod_node_name", pod.node_name);
  AddMeta(labels, "pod_host_ip", pod.host_ip);
  AddMeta(labels, "pod_uid", pod.uid);
  AddMeta(labels, "pod_controller_kind", pod.controller_kind);
  AddMeta(labels, "pod_controller_name", pod.controller_name);
  AddMetaMaps(labels, "pod", pod.labels, pod.annotations);
  AttachOwners(pod, attach, related, labels);
}

TargetGroup PodTargets(const Pod& pod, const AttachMetadata& attach, RelatedObjects& related) {
  TargetGroup group;
  group.source.append("pod/").append(pod.name_space).append("/").append(pod.name);
  if (pod.ip.empty()) return group;
  std::vector<Label> labels;
  labels.reserve(10 + 2 * (pod.labels.size() + pod.annotations.size()));
  if (attach.node && !AttachNode(pod.node_name, related, labels)) return group;
  AddMeta(labels, "namespace", pod.name_space);
  AddPodLabels(pod, attach, related, labels);
  AttachNamespace(pod.name_space, attach, related, labels);
  group.labels = Labels(std::move(labels));
  BoundedTargets targets(group, related);
  for (const PodContainer& container : pod.containers) {
    if (container.ports.empty()) targets.Add(TargetLabels(pod, container, nullptr));
    for (const PodPort& port : container.ports) {
      targets.Add(TargetLabels(pod, container, &port));
    }
  }
  return group;
}

TargetGroup PodTargets(const Pod& pod) {
  NothingRelated nothing;
  return PodTargets(pod, {}, nothing);
}

}  // namespace limpet
