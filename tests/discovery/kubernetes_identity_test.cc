#include "discovery/kubernetes_identity.h"

#include <doctest/doctest.h>

#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

constexpr const char* kKubeconfig =
    "{current-context: x, contexts: [{name: x, context: {cluster: c}}], "
    "clusters: [{name: c, cluster: {server: 'http://from-kubeconfig:1'}}]}";

TEST_CASE(
    "api_server goes before kubeconfig_file, that before the cluster, that before KUBECONFIG") {
  const TemporaryDirectory directory;
  directory.Write("namespace", "mine\n");
  directory.Write("config", kKubeconfig);
  directory.Write("other", kKubeconfig);
  KubernetesEnvironment environment;
  environment.service_account_directory = directory.path();
  environment.kubeconfig = directory.File("config");
  environment.service_host = "10.96.0.1";
  environment.service_port = "443";

  KubernetesAccess access;
  access.api_server = *ParseUrl("https://configured:6443");
  access.kubeconfig_file = directory.File("other");
  access.http.tls.server_name = "me";
  auto identity = ResolveKubernetesIdentity(access, environment);
  REQUIRE(identity.has_value());
  CHECK(identity->api_server.host == "configured");
  CHECK(identity->http == access.http);
  CHECK(identity->own_namespace.empty());

  access.api_server.reset();
  identity = ResolveKubernetesIdentity(access, environment);
  REQUIRE(identity.has_value());
  CHECK(identity->api_server.host == "from-kubeconfig");

  access.kubeconfig_file.clear();
  identity = ResolveKubernetesIdentity(access, environment);
  REQUIRE(identity.has_value());
  CHECK(identity->api_server.ToString().starts_with("https://10.96.0.1"));
  CHECK(identity->api_server.port == 443);
  CHECK(identity->own_namespace == "mine");
  CHECK(identity->http.tls.ca_file == directory.File("ca.crt"));
  REQUIRE(identity->http.authorization);
  CHECK(identity->http.authorization->credentials_file == directory.File("token"));

  environment.service_host.clear();
  identity = ResolveKubernetesIdentity(access, environment);
  REQUIRE(identity.has_value());
  CHECK(identity->api_server.host == "from-kubeconfig");
}

TEST_CASE("in a cluster with IPv6") {
  KubernetesEnvironment environment;
  environment.service_host = "fd00::1";
  environment.service_port = "6443";
  auto identity = ResolveKubernetesIdentity({}, environment);
  REQUIRE(identity.has_value());
  CHECK(identity->api_server.HostHeader() == "[fd00::1]:6443");
  CHECK(identity->own_namespace.empty());
}

TEST_CASE("what cannot be resolved says why") {
  KubernetesEnvironment environment;
  const auto error = [&] {
    auto identity = ResolveKubernetesIdentity({}, environment);
    return identity ? std::string() : identity.error().message;
  };
  CHECK(error().find("KUBERNETES_SERVICE_HOST is not set") != std::string::npos);
  environment.kubeconfig = "/a:/b";
  CHECK(error().find("KUBECONFIG names several files") != std::string::npos);
  environment.service_host = "10.96.0.1";
  for (const char* port : {"", "0", "https", "70000", "1x"}) {
    CAPTURE(port);
    environment.service_port = port;
    CHECK(error().find("is not a port") != std::string::npos);
  }
}

}  // namespace
}  // namespace limpet
