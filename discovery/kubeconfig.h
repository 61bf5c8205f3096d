// kubectl's configuration file, as far as a client with static credentials needs it.
//
// Who calls it: kubernetes_identity.cc; any thread.
// Limits: 4 MiB; `exec` and `auth-provider` users are refused (limpet runs no foreign programs); no
// merging of several files. Relative file names in it are taken from its own directory.
// Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
#ifndef LIMPET_DISCOVERY_KUBECONFIG_H_
#define LIMPET_DISCOVERY_KUBECONFIG_H_

#include <string>
#include <string_view>

#include "agent/platform/result.h"
#include "discovery/kubernetes_identity.h"

namespace limpet {

Result<KubernetesIdentity> LoadKubeconfig(const std::string& path);
// The same on text; `path` is for errors and relative file names.
Result<KubernetesIdentity> ParseKubeconfig(const std::string& text, const std::string& path);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBECONFIG_H_
