// What discovery knows of one pod: for whoever asks why it is not scraped.
//
// Who calls it: the classes of discovery/ fill it in when somebody asks, web/ shows it; the loop's
// thread. Nothing of it is kept.
#ifndef LIMPET_DISCOVERY_POD_SIGHTING_H_
#define LIMPET_DISCOVERY_POD_SIGHTING_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/discovery_status.h"
#include "discovery/target_group.h"

namespace limpet {

struct PodName {
  std::string name_space;
  std::string name;
};

// The pod as a watch has it.
struct PodState {
  std::string ip;  // empty: none yet
  std::string phase;
  std::string ready;  // "true", "false" or "unknown"
  std::string node_name;
  std::string controller;  // "ReplicaSet/api-5d4f"; empty where there is none
};

// A watch of objects by which pods are found: pods, endpoints, endpointslices.
struct PodWatch {
  DiscoveryStatus status;
  bool covers = false;   // the pod's namespace is among those it watches
  bool has_pod = false;  // of a watch of pods: it knows this one
};

// In order: those that have the pod, those that cover its namespace, the others.
struct PodSearch {
  std::optional<PodState> pod;
  std::vector<PodWatch> watches;
};

// A discovery of a job that finds pods, and what it makes of this one.
struct PodSighting {
  std::string_view role;    // "endpoints"
  size_t config_index = 0;  // in the job's kubernetes_sd_configs
  bool covers = false;      // its namespace is one that the discovery watches
  std::string name_space;   // that namespace; empty: all
  bool seen = false;        // the pod is known, or something that names it
  // With the targets that are the pod's, and no other.
  std::vector<TargetGroup> groups;
  std::string reason;  // where there are none: why
};

using OnPodSighting = std::function<void(const std::string& job, const PodSighting& sighting)>;

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_POD_SIGHTING_H_
