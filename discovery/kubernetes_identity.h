// Which API server to ask, and as whom.
//
// Who calls it: KubernetesApi, on the loop's thread, at the start and after failures.
// Precedence, as in Prometheus: api_server with its HTTP options; kubeconfig_file; the service
// account of the pod that limpet runs in. limpet's own convenience: outside of a cluster (no
// KUBERNETES_SERVICE_HOST) the file that the environment variable KUBECONFIG names is used; one
// file, not a list of them. Errors name the file or variable, never a secret.
#ifndef LIMPET_DISCOVERY_KUBERNETES_IDENTITY_H_
#define LIMPET_DISCOVERY_KUBERNETES_IDENTITY_H_

#include <optional>
#include <string>

#include "agent/platform/http_client_config.h"
#include "agent/platform/result.h"
#include "agent/platform/url.h"
#include "discovery/kubernetes_options.h"

namespace limpet {

// What a kubernetes_sd_configs entry says of it. Equal ones share connections' credentials and TLS.
struct KubernetesAccess {
  std::optional<Url> api_server;
  std::string kubeconfig_file;
  HttpClientConfig http;  // with api_server only
  friend bool operator==(const KubernetesAccess&, const KubernetesAccess&) = default;
};

struct KubernetesIdentity {
  Url api_server;  // its path, if any, goes before every request's
  HttpClientConfig http;
  // The pod's own, or the kubeconfig context's ("default" where it has none); empty with
  // api_server.
  std::string own_namespace;
  friend bool operator==(const KubernetesIdentity&, const KubernetesIdentity&) = default;
};

Result<KubernetesIdentity> ResolveKubernetesIdentity(const KubernetesAccess& access,
                                                     const KubernetesEnvironment& environment);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_IDENTITY_H_
