#include "discovery/kubernetes_api.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "agent/platform/http_collector.h"
#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

KubernetesEnvironment InCluster(const TemporaryDirectory& directory) {
  KubernetesEnvironment environment;
  environment.service_host = "127.0.0.1";
  environment.service_port = "1";
  environment.service_account_directory = directory.path();
  return environment;
}

// What a request to this API server ends in.
std::string ErrorOf(KubernetesApi& api) {
  EventLoop loop;
  std::string error;
  HttpCollector collector(100, [&](Result<HttpAnswer> answer) {
    error = answer ? "no error" : answer.error().message;
  });
  const auto connection = api.Connect(loop);
  connection->Start(api.Get("/api/v1/pods"), SystemClock().Now() + Millis(9000), collector);
  while (error.empty()) loop.RunFor(Millis(100));
  return error;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("an identity is read anew only after a failure, and only what has changed counts") {
  const TemporaryDirectory directory;
  KubernetesApi api({}, InCluster(directory));
  CHECK(api.Origin().empty());
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 1);
  CHECK(api.Origin() == "https://127.0.0.1:1");

  api.Distrust();
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 1);

  directory.Write("namespace", "web");
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 1);
  api.Distrust();
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 2);
  CHECK(api.identity().own_namespace == "web");
}

TEST_CASE("a request without what it needs is an error that names the file") {
  const TemporaryDirectory directory;
  KubernetesApi api({}, InCluster(directory));
  REQUIRE(api.Prepare().has_value());
  CHECK(Contains(ErrorOf(api), directory.File("token")));
  directory.Write("token", "abc\n");
  CHECK(Contains(ErrorOf(api), directory.File("ca.crt")));
  directory.Write("ca.crt", "no certificate");
  api.Distrust();
  const HttpRequest request = api.Get("/api/v1/pods?limit=1");
  CHECK(request.target == "/api/v1/pods?limit=1");
  CHECK(std::none_of(request.headers.begin(), request.headers.end(),
                     [](const HttpHeader& header) { return header.name == "Authorization"; }));
}

}  // namespace
}  // namespace limpet
