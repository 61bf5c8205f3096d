#include "discovery/kubernetes_api.h"

#include <sys/stat.h>

#include <utility>

namespace limpet {
namespace {

// Inode, size and time of change of each file: another value where one was replaced.
std::string FileStamps(const TlsConfig& tls) {
  std::string stamps;
  for (const std::string* path : {&tls.ca_file, &tls.cert_file, &tls.key_file}) {
    struct stat info = {};
    if (!path->empty() && stat(path->c_str(), &info) == 0) {
      stamps += std::to_string(info.st_ino) + "," + std::to_string(info.st_size) + "," +
                std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
    }
    stamps.push_back(';');
  }
  return stamps;
}

}  // namespace

KubernetesApi::KubernetesApi(KubernetesAccess access, KubernetesEnvironment environment)
    : access_(std::move(access)), environment_(std::move(environment)) {}

Result<void> KubernetesApi::Prepare() {
  if (looked_) return {};
  auto identity = ResolveKubernetesIdentity(access_, environment_);
  if (!identity) return identity.error();
  std::string stamps = FileStamps(identity->http.tls);
  if (version_ == 0 || *identity != identity_ || stamps != file_stamps_) {
    std::shared_ptr<const TlsContext> tls;
    if (identity->api_server.scheme == "https") {
      auto created = TlsContext::Create(identity->http.tls);
      if (!created) return created.error();
      tls = *created;
    }
    tls_ = std::move(tls);
    identity_ = *std::move(identity);
    file_stamps_ = std::move(stamps);
    credentials_ = std::make_unique<HttpCredentials>(identity_.http);
    ++version_;
  }
  looked_ = true;
  return {};
}

std::unique_ptr<HttpConnection> KubernetesApi::Connect(EventLoop& loop) const {
  return std::make_unique<HttpConnection>(loop, identity_.api_server, tls_);
}

Result<HttpRequest> KubernetesApi::Get(const std::string& path_and_query) {
  auto authorization = credentials_->AuthorizationHeader();
  if (!authorization) return authorization.error();
  HttpRequest request;
  std::string prefix = identity_.api_server.target.substr(0, identity_.api_server.target.find('?'));
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  request.target = prefix + path_and_query;
  request.headers = identity_.http.headers;
  request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"User-Agent", "limpet/" LIMPET_VERSION});
  if (*authorization) request.headers.push_back({"Authorization", **authorization});
  return request;
}

std::string KubernetesApi::Origin() const {
  if (version_ == 0) return "";
  return identity_.api_server.scheme + "://" + identity_.api_server.HostHeader();
}

}  // namespace limpet
