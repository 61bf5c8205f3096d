#include "discovery/kubernetes_role.h"

#include "discovery/endpoint_targets.h"
#include "discovery/pod_targets.h"

namespace limpet {
namespace {

bool NeedsNothing(Related, const AttachMetadata&) { return false; }

bool NeedsNamespace(Related related, const AttachMetadata& attach) {
  return related == Related::kNamespace && attach.name_space;
}

bool NeedsOfPod(Related related, const AttachMetadata& attach) {
  switch (related) {
    case Related::kNode:
      return attach.node;
    case Related::kNamespace:
      return attach.name_space;
    case Related::kReplicaSet:
      return attach.deployment;
    case Related::kJob:
      return attach.cronjob;
    case Related::kPod:
    case Related::kService:
      break;
  }
  return false;
}

bool NeedsOfEndpoints(Related related, const AttachMetadata& attach) {
  return related == Related::kPod || related == Related::kService || NeedsOfPod(related, attach);
}

TargetGroup PodGroup(std::string_view record, const AttachMetadata& attach,
                     RelatedObjects& related) {
  return PodTargets(DecodePod(record), attach, related);
}

TargetGroup NodeGroup(std::string_view record, const AttachMetadata&, RelatedObjects&) {
  return NodeTargets(record);
}

constexpr KubernetesRole kRoles[] = {
    {"pod", "pod/", kPodKind, &PodGroup, &NeedsOfPod},
    {"node", "node/", kNodeKind, &NodeGroup, &NeedsNothing},
    {"service", "svc/", kServiceKind, &ServiceTargets, &NeedsNamespace},
    {"endpoints", "endpoints/", kEndpointsKind, &EndpointsTargets, &NeedsOfEndpoints},
    {"endpointslice", "endpointslice/", kEndpointSliceKind, &EndpointSliceTargets,
     &NeedsOfEndpoints},
    {"ingress", "ingress/", kIngressKind, &IngressTargets, &NeedsNamespace},
};

}  // namespace

const KubernetesRole* FindKubernetesRole(std::string_view name) {
  for (const KubernetesRole& role : kRoles) {
    if (role.name == name) return &role;
  }
  return nullptr;
}

const RelatedKind& KindOf(Related related) {
  // In the order of the enumeration. Prometheus as well selects nodes and not namespaces.
  static constexpr RelatedKind kKinds[] = {{kPodKind, "pod"},     {kServiceKind, "service"},
                                           {kNodeKind, "node"},   {kNamespaceKind, ""},
                                           {kReplicaSetKind, ""}, {kJobKind, ""}};
  return kKinds[static_cast<size_t>(related)];
}

}  // namespace limpet
