// A kind of Kubernetes object: where the API server has it, and what is kept of one.
//
// Who calls it: KubernetesWatch and KubernetesStore, on the loop's thread. Kinds have no state.
#ifndef LIMPET_DISCOVERY_KUBERNETES_KIND_H_
#define LIMPET_DISCOVERY_KUBERNETES_KIND_H_

#include <string>
#include <string_view>

#include "discovery/endpoints.h"
#include "discovery/ingress.h"
#include "discovery/json_object.h"
#include "discovery/node.h"
#include "discovery/owner.h"
#include "discovery/pod.h"
#include "discovery/service.h"

namespace limpet {

struct KubernetesKind {
  std::string_view name;   // "pod": in statuses and logs
  std::string_view group;  // "/api/v1"
  std::string_view resource;
  bool namespaced = true;
  // The fields kept of an object, packed, its namespace and name first. Equal records make equal
  // groups.
  std::string (*record)(const JsonValue& object);

  // "/api/v1/namespaces/NS/pods"; all namespaces where it is empty.
  std::string Path(std::string_view name_space) const;
};

inline constexpr KubernetesKind kPodKind{"pod", "/api/v1", "pods", true, &PodRecord};
inline constexpr KubernetesKind kNodeKind{"node", "/api/v1", "nodes", false, &NodeRecord};
inline constexpr KubernetesKind kServiceKind{"service", "/api/v1", "services", true,
                                             &ServiceRecord};
inline constexpr KubernetesKind kEndpointsKind{"endpoints", "/api/v1", "endpoints", true,
                                               &EndpointsRecord};
inline constexpr KubernetesKind kEndpointSliceKind{"endpointslice", "/apis/discovery.k8s.io/v1",
                                                   "endpointslices", true, &EndpointSliceRecord};
inline constexpr KubernetesKind kIngressKind{"ingress", "/apis/networking.k8s.io/v1", "ingresses",
                                             true, &IngressRecord};
inline constexpr KubernetesKind kNamespaceKind{"namespace", "/api/v1", "namespaces", false,
                                               &MetaRecord};
inline constexpr KubernetesKind kReplicaSetKind{"replicaset", "/apis/apps/v1", "replicasets", true,
                                                &OwnerRecord};
inline constexpr KubernetesKind kJobKind{"job", "/apis/batch/v1", "jobs", true, &OwnerRecord};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_KIND_H_
