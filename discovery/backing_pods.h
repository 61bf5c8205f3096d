// The pods behind the endpoints of one object, each read once however many endpoints lead to it.
//
// Who calls it: endpoint_targets.cc, while it makes one group. The records that it has pods from
// must stay as they are for as long as it lives.
#ifndef LIMPET_DISCOVERY_BACKING_PODS_H_
#define LIMPET_DISCOVERY_BACKING_PODS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "discovery/bounded_targets.h"
#include "discovery/pod.h"
#include "discovery/related_objects.h"

namespace limpet {

class BackingPods {
 public:
  struct Entry {
    Pod pod;
    std::vector<Label> labels;  // those of the pod itself
    // By a port's number: the port that a target on it belongs to. Of several containers with one
    // port the last one counts, of several ports of a container the first.
    std::unordered_map<uint32_t, std::pair<const PodContainer*, const PodPort*>> ports;
    std::unordered_set<uint32_t> served;  // numbers that the endpoints lead to
  };

  BackingPods(const AttachMetadata& attach, RelatedObjects& related)
      : attach_(attach), related_(related) {}

  // Null where there is no such pod.
  Entry* Find(std::string_view name_space, std::string_view name);
  // Targets for the ports that no endpoint leads to, in order of the pods' first endpoints.
  void AddUnserved(BoundedTargets& targets) const;

 private:
  const AttachMetadata& attach_;
  RelatedObjects& related_;
  // By namespace and name; their places do not change.
  std::map<std::pair<std::string_view, std::string_view>, Entry> pods_;
  std::vector<const Entry*> in_order_;
};

// __meta_kubernetes_pod_container_...; the protocol is not always that of the port.
void AddContainerLabels(const PodContainer& container, const PodPort& port,
                        std::string_view protocol, std::vector<Label>& labels);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_BACKING_PODS_H_
