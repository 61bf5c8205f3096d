// Base64 as Kubernetes writes it: certificates in a kubeconfig, the values of a Secret.
//
// Who calls it: discovery/; any thread.
#ifndef LIMPET_DISCOVERY_BASE64_H_
#define LIMPET_DISCOVERY_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace limpet {

// Standard base64 with padding; nothing on any other character than the alphabet's and white space.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_BASE64_H_
