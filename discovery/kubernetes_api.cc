#include "discovery/kubernetes_api.h"

#include <utility>

namespace limpet {
KubernetesApi::KubernetesApi(KubernetesAccess access, KubernetesEnvironment environment)
    : access_(std::move(access)), environment_(std::move(environment)) {}

Result<void> KubernetesApi::Prepare() {
  if (looked_) return {};
  auto identity = ResolveKubernetesIdentity(access_, environment_);
  if (!identity) return identity.error();
  if (version_ == 0 || *identity != identity_) {
    identity_ = *std::move(identity);
    client_ = nullptr;
    ++version_;
  }
  looked_ = true;
  return {};
}

std::unique_ptr<HttpConnection> KubernetesApi::Connect(EventLoop& loop) {
  if (client_ == nullptr) client_ = HttpClientContext::Create(loop, identity_.http);
  return std::make_unique<HttpConnection>(client_, identity_.api_server);
}

HttpRequest KubernetesApi::Get(const std::string& path_and_query) const {
  HttpRequest request;
  std::string prefix = identity_.api_server.target.substr(0, identity_.api_server.target.find('?'));
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  request.target = prefix + path_and_query;
  request.headers = identity_.http.headers;
  request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"User-Agent", "limpet/" LIMPET_VERSION});
  return request;
}

HttpRequest KubernetesApi::Write(const std::string& method, const std::string& path,
                                 std::string object) const {
  HttpRequest request = Get(path);
  request.method = method;
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(object);
  return request;
}

std::string KubernetesApi::Origin() const {
  if (version_ == 0) return "";
  return identity_.api_server.scheme + "://" + identity_.api_server.HostHeader();
}

}  // namespace limpet
