// The role ingress: a target for each path of each rule.
//
// Who calls it: the ingress role, on the loop's thread.
// Source: Prometheus' discovery/kubernetes/ingress.go: the scheme is https where a TLS host of the
// ingress is the rule's, or a wildcard for it; a rule without http has the path "/", one with an
// empty list of paths has no target.
// Limits: 10 000 targets of an ingress.
#ifndef LIMPET_DISCOVERY_INGRESS_H_
#define LIMPET_DISCOVERY_INGRESS_H_

#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "discovery/json_object.h"
#include "discovery/related_objects.h"
#include "discovery/target_group.h"

namespace limpet {

std::string IngressRecord(const JsonValue& object);
TargetGroup IngressTargets(std::string_view record, const AttachMetadata& attach,
                           RelatedObjects& related);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_INGRESS_H_
