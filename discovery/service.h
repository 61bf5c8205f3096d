// The role service: a target for each port of a service, at its DNS name.
//
// Who calls it: the service role, the roles endpoints and endpointslice for what they join, and the
// store of services; the loop's thread.
// Source: Prometheus' discovery/kubernetes/service.go.
// Limits: 4000 ports and 1000 addresses of a load balancer are read.
#ifndef LIMPET_DISCOVERY_SERVICE_H_
#define LIMPET_DISCOVERY_SERVICE_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "discovery/json_object.h"
#include "discovery/related_objects.h"
#include "discovery/target_group.h"

namespace limpet {

std::string ServiceRecord(const JsonValue& object);
TargetGroup ServiceTargets(std::string_view record, const AttachMetadata& attach,
                           RelatedObjects& related);

// The labels that endpoints join: the namespace, and the service's name, labels and annotations.
void AddServiceLabels(std::string_view record, std::vector<Label>& labels);
// "IPv4" or "IPv6" where the service has two families of addresses, of which this is the first.
std::string_view DualStackPrimaryFamily(std::string_view record);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_SERVICE_H_
