#include "discovery/backing_pods.h"

#include "discovery/meta_labels.h"
#include "discovery/pod_targets.h"

namespace limpet {

BackingPods::Entry* BackingPods::Find(std::string_view name_space, std::string_view name) {
  const auto known = pods_.find({name_space, name});
  if (known != pods_.end()) return &known->second;
  const auto record = related_.Find(Related::kPod, name_space, name);
  if (!record) return nullptr;
  Entry& entry = pods_[{name_space, name}];
  entry.pod = DecodePod(*record);
  AddPodLabels(entry.pod, attach_, related_, entry.labels);
  for (const PodContainer& container : entry.pod.containers) {
    std::unordered_set<uint32_t> of_container;
    for (const PodPort& port : container.ports) {
      if (!of_container.insert(port.number).second) continue;
      entry.ports[port.number] = {&container, &port};
    }
  }
  in_order_.push_back(&entry);
  return &entry;
}

void BackingPods::AddUnserved(BoundedTargets& targets) const {
  for (const Entry* entry : in_order_) {
    if (entry->pod.ip.empty()) continue;
    for (const PodContainer& container : entry->pod.containers) {
      for (const PodPort& port : container.ports) {
        if (entry->served.contains(port.number)) continue;
        if (targets.full()) return;
        std::vector<Label> labels = entry->labels;
        labels.push_back({"__address__", JoinHostPort(entry->pod.ip, port.number)});
        AddContainerLabels(container, port, port.protocol, labels);
        targets.Add(std::move(labels));
      }
    }
  }
}

void AddContainerLabels(const PodContainer& container, const PodPort& port,
                        std::string_view protocol, std::vector<Label>& labels) {
  AddMeta(labels, "pod_container_name", container.name);
  AddMeta(labels, "pod_container_image", container.image);
  AddMeta(labels, "pod_container_init", container.init ? "true" : "false");
  AddMeta(labels, "pod_container_port_name", port.name);
  AddMeta(labels, "pod_container_port_number", std::to_string(port.number));
  AddMeta(labels, "pod_container_port_protocol", protocol);
}

}  // namespace limpet
