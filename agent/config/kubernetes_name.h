// Whether a text can be the name of a Kubernetes object, which may then be a segment of a path.
//
// Who calls it: what reads such names from a configuration, an option or a request; any thread.
// Source: RFC 1123, as Kubernetes checks it.
#ifndef LIMPET_AGENT_CONFIG_KUBERNETES_NAME_H_
#define LIMPET_AGENT_CONFIG_KUBERNETES_NAME_H_

#include <string_view>

namespace limpet {

// A namespace: lower-case letters, digits and -, at most 63.
bool IsNamespaceName(std::string_view name);
// A pod, a Lease: dots, too, at most 253.
bool IsObjectName(std::string_view name);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_KUBERNETES_NAME_H_
