#include "discovery/kubernetes_identity.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "agent/platform/file_system.h"
#include "discovery/kubeconfig.h"

namespace limpet {
namespace {

constexpr size_t kNamespaceFileBytesMax = 4096;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

Result<KubernetesIdentity> InCluster(const KubernetesEnvironment& environment) {
  KubernetesIdentity identity;
  identity.api_server.scheme = "https";
  identity.api_server.host = environment.service_host;
  identity.api_server.target = "/";
  identity.api_server.explicit_port = true;
  const std::string& port = environment.service_port;
  const auto parsed =
      std::from_chars(port.data(), port.data() + port.size(), identity.api_server.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() ||
      identity.api_server.port == 0) {
    return Error{"KUBERNETES_SERVICE_PORT: \"" + port + "\" is not a port"};
  }
  const std::string& directory = environment.service_account_directory;
  identity.http.authorization.emplace();
  identity.http.authorization->credentials_file = directory + "/token";
  identity.http.tls.ca_file = directory + "/ca.crt";
  // Missing where the service account is not mounted; then the token's error says it better.
  if (auto text = ReadWholeFile(directory + "/namespace", kNamespaceFileBytesMax)) {
    identity.own_namespace = Trim(*text);
  }
  return identity;
}

}  // namespace

KubernetesEnvironment KubernetesEnvironment::FromProcess() {
  KubernetesEnvironment environment;
  environment.service_host = Variable("KUBERNETES_SERVICE_HOST");
  environment.service_port = Variable("KUBERNETES_SERVICE_PORT");
  environment.kubeconfig = Variable("KUBECONFIG");
  return environment;
}

Result<KubernetesIdentity> ResolveKubernetesIdentity(const KubernetesAccess& access,
                                                     const KubernetesEnvironment& environment) {
  if (access.api_server) return KubernetesIdentity{*access.api_server, access.http, ""};
  if (!access.kubeconfig_file.empty()) return LoadKubeconfig(access.kubeconfig_file);
  if (!environment.service_host.empty()) return InCluster(environment);
  if (environment.kubeconfig.find(':') != std::string::npos) {
    return Error{"KUBECONFIG names several files; set it to one, or use kubeconfig_file"};
  }
  if (!environment.kubeconfig.empty()) return LoadKubeconfig(environment.kubeconfig);
  return Error{
      "no Kubernetes API server known: not in a cluster (KUBERNETES_SERVICE_HOST is not set), no "
      "KUBECONFIG, and neither api_server nor kubeconfig_file in kubernetes_sd_configs"};
}

}  // namespace limpet
