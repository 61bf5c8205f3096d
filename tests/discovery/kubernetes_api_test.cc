#include "discovery/kubernetes_api.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

// Two self-signed certificates without any use elsewhere.
constexpr const char* kOneCa = R"(-----BEGIN CERTIFICATE-----
MIIBdDCCARmgAwIBAgIUGxgnXUedH9Fs4x8uRUFcg0uFO1gwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb25lMCAXDTI2MTEyMTEwNTcyMloYDzIxMjYxMDI4MTA1NzIy
WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATBw2Ti
NqIBlnjIiTLLvYs9obyMssJ9hZdaGKcpnsGs93AOmrIG2KW4teHWqPwNk0Omp3AM
cRLe5EPAklKUDTpGo1MwUTAdBgNVHQ4EFgQUgTl7jBoc9fFGJbVc2FluxjapiOMw
HwYDVR0jBBgwFoAUgTl7jBoc9fFGJbVc2FluxjapiOMwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNJADBGAiEAifXJtNGa16kOgaQd36tKqm710qlJp2905O3u
WGPvRPoCIQCKRF7x7km+iC77Ln2P+U7ccDIbu1XpQMSq1DjfIa5DPg==
-----END CERTIFICATE-----
)";
constexpr const char* kOtherCa = R"(-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUIBIoeP1dAPFQ6MzPI/JZc6Ul/O8wCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDdHdvMCAXDTI2MTEyMTEwNTcyMloYDzIxMjYxMDI4MTA1NzIy
WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQpRRqS
9bCdTox13mt9K8VI/jCNg2Cn9l5MVuKLR/qriItLI7jsfjGp4vSfZTQFEjM6QLsY
JlYJfW3gRWW9h8Kqo1MwUTAdBgNVHQ4EFgQUsMhx/OzZoNM93ZGP4CT0QUn7DaAw
HwYDVR0jBBgwFoAUsMhx/OzZoNM93ZGP4CT0QUn7DaAwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiAhlHaw93rycotyS2nsmNNrmaOb2kwE7X+OT//b
2fYqjgIgZtH1DpOjj7w7GalLVk50GFszTJwImv1k91/RLIwaxXg=
-----END CERTIFICATE-----
)";

KubernetesEnvironment InCluster(const TemporaryDirectory& directory) {
  KubernetesEnvironment environment;
  environment.service_host = "10.96.0.1";
  environment.service_port = "443";
  environment.service_account_directory = directory.path();
  return environment;
}

TEST_CASE("the cluster's CA is read anew only after a failure, and only where it has changed") {
  const TemporaryDirectory directory;
  directory.Write("token", "t");
  KubernetesApi api({}, InCluster(directory));
  CHECK(api.Origin().empty());
  CHECK_FALSE(api.Prepare().has_value());  // no CA yet

  directory.Write("ca.crt", kOneCa);
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 1);
  CHECK(api.Origin() == "https://10.96.0.1");

  api.Distrust();
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 1);

  directory.Write("ca.crt", kOtherCa);
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 1);
  api.Distrust();
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 2);

  directory.Write("ca.crt", "no certificate");
  api.Distrust();
  CHECK_FALSE(api.Prepare().has_value());
  CHECK(api.version() == 2);
  directory.Write("ca.crt", kOneCa);
  REQUIRE(api.Prepare().has_value());
  CHECK(api.version() == 3);
}

TEST_CASE("a request carries the token, and a token that cannot be read is an error without it") {
  const TemporaryDirectory directory;
  directory.Write("ca.crt", kOneCa);
  KubernetesApi api({}, InCluster(directory));
  REQUIRE(api.Prepare().has_value());
  auto request = api.Get("/api/v1/pods");
  REQUIRE_FALSE(request.has_value());
  CHECK(request.error().message.find(directory.File("token")) != std::string::npos);

  directory.Write("token", "abc\n");
  request = api.Get("/api/v1/pods?limit=1");
  REQUIRE(request.has_value());
  CHECK(request->target == "/api/v1/pods?limit=1");
  const auto authorization =
      std::find_if(request->headers.begin(), request->headers.end(),
                   [](const HttpHeader& header) { return header.name == "Authorization"; });
  REQUIRE(authorization != request->headers.end());
  CHECK(authorization->value == "Bearer abc");
}

}  // namespace
}  // namespace limpet
