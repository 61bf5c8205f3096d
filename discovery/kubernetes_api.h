// An API server as its watches share it: where it is, how to prove who one is, whom to trust.
//
// Who calls it: KubernetesWatch and LeaderElection; the loop's thread only.
// Operation: the kubeconfig is read at first use and looked at again after a failure, so that a
// changed one is taken up without a restart; certificates and tokens are the HTTP client's matter.
#ifndef LIMPET_DISCOVERY_KUBERNETES_API_H_
#define LIMPET_DISCOVERY_KUBERNETES_API_H_

#include <cstdint>
#include <memory>
#include <string>

#include "agent/platform/clock.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_client_context.h"
#include "agent/platform/result.h"
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

  // Whether the server is asked for streaming lists; one that knows none is left alone for a while.
  bool Streams(SteadyTime now) const { return now >= streaming_refused_until_; }
  void RefuseStreaming(SteadyTime until) { streaming_refused_until_ = until; }

  // After a successful Prepare.
  const KubernetesIdentity& identity() const { return identity_; }
  // Changes when connections made before must not be used any longer.
  uint64_t version() const { return version_; }
  std::unique_ptr<HttpConnection> Connect(EventLoop& loop);
  HttpRequest Get(const std::string& path_and_query) const;
  // With an object as JSON: POST creates one, PUT replaces it.
  HttpRequest Write(const std::string& method, const std::string& path, std::string object) const;

  // "https://host:port", for logs and pages; empty before the first successful Prepare.
  std::string Origin() const;

 private:
  const KubernetesAccess access_;
  const KubernetesEnvironment environment_;
  bool looked_ = false;
  SteadyTime streaming_refused_until_;
  uint64_t version_ = 0;  // 0: never prepared
  KubernetesIdentity identity_;
  std::shared_ptr<HttpClientContext> client_;  // of the identity, once somebody connects
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_API_H_
