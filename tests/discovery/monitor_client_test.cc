#include "discovery/monitor_kind.h"
#include "tests/discovery/monitor_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;
constexpr auto kKind = MonitorKind::kServiceMonitor;

std::string Endpoint(const std::string& fields) { return R"({"endpoints": [{)" + fields + "}]}"; }

TEST_CASE_FIXTURE(MonitorFixture, "credentials come from Secrets") {
  AddSecret("s", {{"user", "anna"}, {"pw", "p:w\xff"}, {"token", "t0k3n"}});
  const ScrapeConfig basic = Job(kKind, Endpoint(R"("basicAuth": {
    "username": {"name": "s", "key": "user"}, "password": {"name": "s", "key": "pw"}})"));
  CHECK(basic.http.basic_auth->username == "anna");
  CHECK(basic.http.basic_auth->password.Reveal() == "p:w\xff");
  const std::string token = R"({"name": "s", "key": "token"})";
  CHECK(Job(kKind, Endpoint(R"("bearerTokenSecret": )" + token))
            .http.authorization->credentials.Reveal() == "t0k3n");
  CHECK_FALSE(Job(kKind, Endpoint(R"("bearerTokenSecret": {"key": ""})")).http.authorization);
  const ScrapeConfig typed =
      Job(kKind, Endpoint(R"("authorization": {"type": "Token", "credentials": )" + token + "}"));
  CHECK(typed.http.authorization->type == "Token");
  CHECK(typed.http.authorization->credentials.Reveal() == "t0k3n");
  CHECK_FALSE(Job(kKind, Endpoint(R"("authorization": {})")).http.authorization);
}

TEST_CASE_FIXTURE(MonitorFixture, "TLS settings come from Secrets and ConfigMaps") {
  AddSecret("tls", {{"crt", "CERT"}, {"key", "KEY"}});
  AddConfigMap("ca", {{"ca.crt", "CA"}});
  const ScrapeConfig job = Job(kKind, Endpoint(R"("tlsConfig": {
    "ca": {"configMap": {"name": "ca", "key": "ca.crt"}},
    "cert": {"secret": {"name": "tls", "key": "crt"}},
    "keySecret": {"name": "tls", "key": "key"}, "serverName": "api.shop",
    "insecureSkipVerify": true, "minVersion": "TLS13"})"));
  CHECK(job.http.tls.ca == "CA");
  CHECK(job.http.tls.cert == "CERT");
  CHECK(job.http.tls.key.Reveal() == "KEY");
  CHECK(job.http.tls.server_name == "api.shop");
  CHECK(job.http.tls.insecure_skip_verify);
  CHECK(job.http.tls.min_version == "TLS13");
  CHECK(asked_ == std::set<std::string>{"ConfigMap shop/ca", "Secret shop/tls"});
}

TEST_CASE_FIXTURE(MonitorFixture, "OAuth2 and proxy headers come from Secrets") {
  AddSecret("o", {{"id", "me"}, {"secret", "s3cret"}, {"header", "h"}});
  const ScrapeConfig job = Job(kKind, Endpoint(R"("proxyUrl": "http://proxy:1",
    "proxyConnectHeader": {"X-A": [{"name": "o", "key": "header"}]},
    "oauth2": {"clientId": {"secret": {"name": "o", "key": "id"}},
               "clientSecret": {"name": "o", "key": "secret"}, "scopes": ["a"],
               "tokenUrl": "https://id.example/token", "endpointParams": {"b": "c"},
               "tlsConfig": {"insecureSkipVerify": true}})"));
  const OAuth2Config& oauth2 = *job.http.oauth2;
  CHECK(oauth2.client_id == "me");
  CHECK(oauth2.client_secret.Reveal() == "s3cret");
  CHECK(oauth2.scopes == Texts{"a"});
  CHECK(oauth2.token_url.host == "id.example");
  CHECK(oauth2.endpoint_params.at(0) == std::pair<std::string, std::string>("b", "c"));
  CHECK(oauth2.tls.insecure_skip_verify);
  CHECK(job.http.proxy.connect_headers.at(0).name == "X-A");
}

TEST_CASE_FIXTURE(MonitorFixture, "what is named and not there is an error without values") {
  AddSecret("s", {{"user", "anna\n"}, {"pw", "s3cret"}});
  const std::string password = R"("password": {"name": "s", "key": "pw"})";
  CHECK(Errors(kKind, Endpoint(R"("basicAuth": {"username": {"name": "s", "key": "u"}, )" +
                               password + "}")) ==
        Texts{R"(spec.endpoints[0].basicAuth.username: there is no key "u" in Secret shop/s)"});
  CHECK(Errors(kKind, Endpoint(R"("basicAuth": {"username": {"name": "s", "key": "user"}, )" +
                               password + "}")) ==
        Texts{"spec.endpoints[0].basicAuth.username: must not contain line breaks or other "
              "control characters"});
  CHECK(
      Errors(kKind, Endpoint(R"("tlsConfig": {"ca": {"configMap": {"name": "c", "key": "k"}}})")) ==
      Texts{"spec.endpoints[0].tlsConfig.ca.configMap: there is no ConfigMap shop/c"});
  CHECK(Errors(kKind, Endpoint(R"("tlsConfig": {"cert": {"secret": {"name": "s", "key": "pw"}}})"))
            .at(0) == "spec.endpoints[0].tlsConfig: a client certificate needs key or key_file");
  const std::string token = R"("bearerTokenSecret": {"name": "s", "key": "pw"})";
  for (const std::string& error :
       Errors(kKind,
              Endpoint(token + R"(, "authorization": {"credentials": {"name": "s", "key": "pw"}},
                              "interval": "x", "proxyUrl": "::s3cret")"))) {
    CAPTURE(error);
    CHECK(error.starts_with("spec.endpoints[0]."));
    CHECK(error.find("s3cret") == std::string::npos);
  }
}

TEST_CASE_FIXTURE(MonitorFixture, "an object waits for what is not listed, its other errors told") {
  AddSecret("s", {{"token", "t0k3n"}});
  unlisted_.insert({true, "shop", "s"});
  const std::string token = R"("bearerTokenSecret": {"name": "s", "key": "token"})";
  const MonitorJobs waits = Translate(kKind, Endpoint(token));
  CHECK(waits.jobs.empty());
  CHECK(waits.errors.empty());
  CHECK(waits.waits_for == std::vector<MonitorReference>{{true, "shop", "s"}});
  CHECK(Errors(kKind, Endpoint(token + R"(, "interval": "x")")).size() == 1);
  unlisted_.clear();
  CHECK(Translate(kKind, Endpoint(token)).jobs.size() == 1);
}

TEST_CASE_FIXTURE(MonitorFixture, "files are read where that is allowed") {
  const std::string spec = Endpoint(R"("bearerTokenFile": "/var/run/token",
    "tlsConfig": {"caFile": "/ca", "certFile": "/crt", "keyFile": "/key"})");
  const Texts errors = Errors(kKind, spec);
  REQUIRE(errors.size() == 4);
  CHECK(errors[0] ==
        "spec.endpoints[0].tlsConfig.caFile: files are not allowed (allow_files in "
        "kubernetes_monitors)");
  CHECK(errors[3].starts_with("spec.endpoints[0].bearerTokenFile: "));
  settings_.allow_files = true;
  const ScrapeConfig job = Job(kKind, spec);
  CHECK(job.http.authorization->credentials_file == "/var/run/token");
  CHECK(job.http.tls.ca_file == "/ca");
  CHECK(job.http.tls.cert_file == "/crt");
  CHECK(job.http.tls.key_file == "/key");
}

std::string Recorded(std::string object, std::string (*record)(const JsonValue&)) {
  rapidjson::Document document;
  REQUIRE(ParseJsonObject(object, document).has_value());
  return record(document);
}

TEST_CASE("a Secret's values are decoded, a ConfigMap's are as they are") {
  const std::string secret = Recorded(R"({"metadata": {"namespace": "a", "name": "b"},
                   "data": {"x": "c2VjcmV0", "y": "", "bad": "*", "number": 3}})",
                                      &SecretRecord);
  CHECK(FindValue(secret, "x") == "secret");
  CHECK(FindValue(secret, "y") == "");
  CHECK_FALSE(FindValue(secret, "bad"));
  CHECK_FALSE(FindValue(secret, "number"));
  const std::string map =
      Recorded(R"({"metadata": {"namespace": "a", "name": "b"}, "data": {"x": "c2VjcmV0"}})",
               &ConfigMapRecord);
  CHECK(FindValue(map, "x") == "c2VjcmV0");
  CHECK_FALSE(FindValue(map, "z"));
}

}  // namespace
}  // namespace limpet
