#include "discovery/kubeconfig.h"

#include <doctest/doctest.h>

#include <string>

namespace limpet {
namespace {

constexpr const char* kPath = "/home/me/.kube/config";

std::string ConfigText(const std::string& cluster, const std::string& user,
                       const std::string& context = "") {
  return R"(
apiVersion: v1
kind: Config
current-context: main
preferences: {}
contexts:
- name: other
  context: {cluster: nowhere, user: nobody}
- name: main
  context: {cluster: c1, user: u1)" +
         context + R"(}
clusters:
- name: c0
  cluster: {server: "https://wrong:1"}
- name: c1
  cluster: {)" +
         cluster + R"(}
users:
- name: u1
  user: {)" +
         user + "}\n";
}

KubernetesIdentity Parse(const std::string& text) {
  auto identity = ParseKubeconfig(text, kPath);
  if (!identity) FAIL(identity.error().message);
  return *identity;
}

TEST_CASE("the current context's cluster, user and namespace") {
  const KubernetesIdentity identity =
      Parse(ConfigText("server: 'https://api.example:6443/k8s', certificate-authority-data: Q0E=, "
                       "tls-server-name: kubernetes, extensions: []",
                       "token: s3cret", ", namespace: shop"));
  CHECK(identity.api_server.ToString() == "https://api.example:6443/k8s");
  CHECK(identity.own_namespace == "shop");
  CHECK(identity.http.tls.ca == "CA");
  CHECK(identity.http.tls.server_name == "kubernetes");
  CHECK_FALSE(identity.http.tls.insecure_skip_verify);
  REQUIRE(identity.http.authorization);
  CHECK(identity.http.authorization->type == "Bearer");
  CHECK(identity.http.authorization->credentials.Reveal() == "s3cret");
  CHECK_FALSE(identity.http.basic_auth);
}

TEST_CASE("files are taken from the kubeconfig's own directory") {
  const KubernetesIdentity identity =
      Parse(ConfigText("server: 'https://a', certificate-authority: pki/ca.crt",
                       "client-certificate: me.crt, client-key: /keys/me.key, tokenFile: token, "
                       "token: unused"));
  CHECK(identity.http.tls.ca_file == "/home/me/.kube/pki/ca.crt");
  CHECK(identity.http.tls.cert_file == "/home/me/.kube/me.crt");
  CHECK(identity.http.tls.key_file == "/keys/me.key");
  REQUIRE(identity.http.authorization);
  CHECK(identity.http.authorization->credentials_file == "/home/me/.kube/token");
  CHECK(identity.http.authorization->credentials.empty());
  CHECK(identity.own_namespace == "default");
}

TEST_CASE("data goes before files, also for certificates") {
  const KubernetesIdentity identity =
      Parse(ConfigText("server: 'https://a', certificate-authority-data: 'QUJD\n  REVG', "
                       "certificate-authority: x, insecure-skip-tls-verify: true",
                       "client-certificate-data: Y2VydA==, client-key-data: a2V5, "
                       "client-certificate: x, client-key: y, username: me, password: pw"));
  CHECK(identity.http.tls.ca == "ABCDEF");
  CHECK(identity.http.tls.ca_file.empty());
  CHECK(identity.http.tls.cert == "cert");
  CHECK(identity.http.tls.cert_file.empty());
  CHECK(identity.http.tls.key.Reveal() == "key");
  CHECK(identity.http.tls.key_file.empty());
  CHECK(identity.http.tls.insecure_skip_verify);
  REQUIRE(identity.http.basic_auth);
  CHECK(identity.http.basic_auth->username == "me");
  CHECK(identity.http.basic_auth->password.Reveal() == "pw");
}

TEST_CASE("a user may be empty or not named: anonymous") {
  CHECK_FALSE(Parse(ConfigText("server: 'http://a'", "")).http.authorization);
  CHECK_FALSE(Parse("{current-context: x, contexts: [{name: x, context: {cluster: c}}], "
                    "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:8001'}}]}")
                  .http.authorization);
}

TEST_CASE("errors name the file and what is wrong, never a secret") {
  const struct {
    std::string text;
    std::string expected;
  } cases[] = {
      {"", "expected a mapping"},
      {"[1]", "expected a mapping"},
      {"{a: [}", "not valid YAML"},
      {"{users: [{name: u, user: {token: SECRET}}}", "not valid YAML"},
      {"{clusters: []}", "current-context is not set"},
      {"{current-context: [x]}", "current-context: expected a string"},
      {"{current-context: x}", "context \"x\" is not in contexts"},
      {"{current-context: x, contexts: 7}", "context \"x\" is not in contexts"},
      {"{current-context: x, contexts: [7, {name: x, context: 5}]}", "expected a mapping in x"},
      {"{current-context: x, contexts: [{name: x, context: {cluster: c}}]}",
       "cluster \"c\" is not in clusters"},
      {ConfigText("certificate-authority: x", "token: SECRET"), "cluster \"c1\": server: "},
      {ConfigText("server: 'ftp://x'", "token: SECRET"), "cluster \"c1\": server: "},
      {ConfigText("server: 'https://x', certificate-authority-data: '?SECRET'", ""),
       "certificate-authority-data: expected base64"},
      {ConfigText("server: 'https://x', insecure-skip-tls-verify: maybe", ""),
       "insecure-skip-tls-verify: expected true or false"},
      {ConfigText("server: 'https://x', proxy-url: 'http://p'", ""), "proxy-url is not supported"},
      {ConfigText("server: 'https://x'", "exec: {command: aws}"),
       "user \"u1\": exec is not supported"},
      {ConfigText("server: 'https://x'", "auth-provider: {name: gcp}"),
       "user \"u1\": auth-provider is not supported"},
      {ConfigText("server: 'https://x'", "token: {SECRET: 1}"), "token: expected a string"},
      {ConfigText("server: 'https://x'", "client-key-data: 'SECRET'"),
       "client-key-data: expected base64"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    auto identity = ParseKubeconfig(c.text, kPath);
    REQUIRE_FALSE(identity.has_value());
    CAPTURE(identity.error().message);
    CHECK(identity.error().message.starts_with(kPath));
    CHECK(identity.error().message.find(c.expected) != std::string::npos);
    CHECK(identity.error().message.find("SECRET") == std::string::npos);
  }
}

TEST_CASE("a missing file is an error with its name") {
  auto identity = LoadKubeconfig("/nonexistent/kubeconfig");
  REQUIRE_FALSE(identity.has_value());
  CHECK(identity.error().message.find("/nonexistent/kubeconfig") != std::string::npos);
}

}  // namespace
}  // namespace limpet
