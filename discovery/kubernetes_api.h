// An API server as its watches share it: where it is, how to prove who one is, whom to trust.
//
// Who calls it: KubernetesWatch; the loop's thread only.
// Operation: files (kubeconfig, certificates, the cluster's CA) are read at first use and looked at
// again after a failure, so that rotated ones are taken up without a restart; token files are
// looked at for every request.
#ifndef LIMPET_DISCOVERY_KUBERNETES_API_H_
#define LIMPET_DISCOVERY_KUBERNETES_API_H_

#include <cstdint>
#include <memory>
#include <string>

#include "agent/platform/http_client.h"
#include "agent/platform/http_credentials.h"
#include "agent/platform/result.h"
#include "agent/platform/tls.h"
#include "discovery/kubernetes_identity.h"

namespace limpet {

class KubernetesApi {
 public:
  KubernetesApi(KubernetesAccess access, KubernetesEnvironment environment);

  const KubernetesAccess& access() const { return access_; }
  // Reads what has to be read; nothing is asked of the API server.
  Result<void> Prepare();
  // After a failure that a rotated file may explain: the next Prepare looks again.
  void Distrust() { looked_ = false; }

  // After a successful Prepare.
  const KubernetesIdentity& identity() const { return identity_; }
  // Changes when connections made before must not be used any longer.
  uint64_t version() const { return version_; }
  std::unique_ptr<HttpConnection> Connect(EventLoop& loop) const;
  Result<HttpRequest> Get(const std::string& path_and_query);

  // "https://host:port", for logs and pages; empty before the first successful Prepare.
  std::string Origin() const;

 private:
  const KubernetesAccess access_;
  const KubernetesEnvironment environment_;
  bool looked_ = false;
  uint64_t version_ = 0;  // 0: never prepared
  KubernetesIdentity identity_;
  std::string file_stamps_;
  std::shared_ptr<const TlsContext> tls_;
  std::unique_ptr<HttpCredentials> credentials_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_API_H_
