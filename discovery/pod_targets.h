// From a pod to its targets, with the labels that Prometheus gives them.
//
// Who calls it: the pod role, on the loop's thread.
// Source: Prometheus' kubernetes_sd_configs, role pod: a pod without an IP has no targets; one in
// any phase, also Succeeded or Failed, has; a target for each declared port of any protocol, and
// one with the bare IP for a container without ports; init containers after the others.
#ifndef LIMPET_DISCOVERY_POD_TARGETS_H_
#define LIMPET_DISCOVERY_POD_TARGETS_H_

#include <string>
#include <string_view>

#include "discovery/pod.h"
#include "discovery/target_group.h"

namespace limpet {

TargetGroup PodTargets(const Pod& pod);

// A name of Kubernetes as part of a label name: every other character than [a-zA-Z0-9_] is a '_'.
std::string SanitizeLabelName(std::string_view name);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_POD_TARGETS_H_
