// From a pod to its targets, with the labels that Prometheus gives them.
//
// Who calls it: the pod role, and for PodLabels the roles endpoints and endpointslice; the loop's
// thread.
// Source: Prometheus' kubernetes_sd_configs, role pod: a pod without an IP has no targets; one in
// any phase, also Succeeded or Failed, has; a target for each declared port of any protocol, and
// one with the bare IP for a container without ports; init containers after the others. With
// attach_metadata.node a pod whose node is not known (a selector leaves it out) has no targets.
#ifndef LIMPET_DISCOVERY_POD_TARGETS_H_
#define LIMPET_DISCOVERY_POD_TARGETS_H_

#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "discovery/pod.h"
#include "discovery/related_objects.h"
#include "discovery/target_group.h"

namespace limpet {

TargetGroup PodTargets(const Pod& pod, const AttachMetadata& attach, RelatedObjects& related);
// With nothing attached.
TargetGroup PodTargets(const Pod& pod);

// __meta_kubernetes_pod_..., without those of its containers.
void AddPodLabels(const Pod& pod, const AttachMetadata& attach, RelatedObjects& related,
                  std::vector<Label>& labels);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_POD_TARGETS_H_
