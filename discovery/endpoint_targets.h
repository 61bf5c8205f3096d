// The roles endpoints and endpointslice: a target for each address and port, with the labels of the
// service in front and the pod behind it.
//
// Who calls it: those roles, on the loop's thread.
// Source: Prometheus' discovery/kubernetes/endpoints.go and endpointslice.go. Ports that the pods
// behind declare, but the service does not lead to, are targets as well. A slice of the second
// family of a dual-stack service has no targets: they would be those of the first once more.
#ifndef LIMPET_DISCOVERY_ENDPOINT_TARGETS_H_
#define LIMPET_DISCOVERY_ENDPOINT_TARGETS_H_

#include <string_view>

#include "agent/config/config.h"
#include "discovery/related_objects.h"
#include "discovery/target_group.h"

namespace limpet {

TargetGroup EndpointsTargets(std::string_view record, const AttachMetadata& attach,
                             RelatedObjects& related);
TargetGroup EndpointSliceTargets(std::string_view record, const AttachMetadata& attach,
                                 RelatedObjects& related);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_ENDPOINT_TARGETS_H_
