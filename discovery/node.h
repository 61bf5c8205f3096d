// The role node: a target for each node, at its kubelet's address and port.
//
// Who calls it: the node role and the store of nodes, on the loop's thread.
// Source: Prometheus' discovery/kubernetes/node.go: the address is the first of the first type
// there is of InternalIP, InternalDNS, ExternalIP, ExternalDNS, LegacyHostIP, Hostname; a node
// without any has no target; instance is the node's name. Limits: 1000 addresses and conditions are
// read. A record begins with the node's metadata, as attach_metadata reads it.
#ifndef LIMPET_DISCOVERY_NODE_H_
#define LIMPET_DISCOVERY_NODE_H_

#include <string>
#include <string_view>

#include "discovery/json_object.h"
#include "discovery/target_group.h"

namespace limpet {

std::string NodeRecord(const JsonValue& object);
TargetGroup NodeTargets(std::string_view record);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_NODE_H_
