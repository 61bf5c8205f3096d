// What the HTTP client blocks refuse; no secret is ever quoted.
#include <doctest/doctest.h>

#include <cstdlib>

#include "agent/platform/http_credentials.h"
#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("errors: http client") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, basic_auth: x}]",
       "1:44: scrape_configs[0].basic_auth: expected a mapping, found text\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {user: s3cret}}]",
       "1:45: scrape_configs[0].basic_auth: unknown key \"user\"; expected one of password, "
       "password_file, username\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {username: \"a:b\", password: s3cret, "
       "password_file: c}}]",
       "1:55: scrape_configs[0].basic_auth.username: must not contain a colon\n"
       "1:80: scrape_configs[0].basic_auth.password_file: at most one of password and "
       "password_file may be set\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {username: \"a\\nb\", password: "
       "\"s3cret\\n\"}}]",
       "1:55: scrape_configs[0].basic_auth.username: must not contain line breaks or other control "
       "characters\n"
       "1:73: scrape_configs[0].basic_auth.password: must not contain line breaks or other control "
       "characters\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {password: [s3cret]}}]",
       "1:55: scrape_configs[0].basic_auth.password: expected text, found a list\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {password:s3cret}}]",
       "1:45: scrape_configs[0].basic_auth: unknown key \"password:...\"; expected a space after "
       "the colon\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {pass:s3cret, password:s3cret, password:s3cret: "
       "x}}]",
       "1:45: scrape_configs[0].basic_auth: unknown key \"pass:...\"; expected one of password, "
       "password_file, username\n"
       "1:58: scrape_configs[0].basic_auth: unknown key \"password:...\"; expected a space after "
       "the colon\n"
       "1:75: scrape_configs[0].basic_auth: duplicate key \"password:...\", first at line 1\n"},
      {"scrape_configs: [{job_name: a, headers: s3cret}]",
       "1:32: scrape_configs[0]: unknown key \"headers\"; expected one of "
       "always_scrape_classic_histograms, authorization, "
       "basic_auth, bearer_token, bearer_token_file, body_size_limit, "
       "convert_classic_histograms_to_nhcb, enable_compression, "
       "enable_http2, extra_scrape_metrics, fallback_scrape_protocol, "
       "file_sd_configs, follow_redirects, "
       "honor_labels, honor_timestamps, http_headers, http_sd_configs, job_name, "
       "keep_dropped_targets, kubernetes_sd_configs, "
       "label_limit, label_name_length_limit, label_value_length_limit, metric_relabel_configs, "
       "metrics_path, native_histogram_bucket_limit, native_histogram_min_bucket_factor, no_proxy, "
       "oauth2, params, proxy_connect_header, proxy_from_environment, "
       "proxy_url, relabel_configs, sample_limit, scheme, scrape_interval, "
       "scrape_native_histograms, scrape_protocols, "
       "scrape_timeout, static_configs, target_limit, tls_config, track_timestamps_staleness\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {username_file: a}}]",
       "1:45: scrape_configs[0].basic_auth.username_file: not supported by limpet: set username, "
       "from the environment if need be\n"},
      {"scrape_configs: [{job_name: a, authorization: s3cret}]",
       "1:47: scrape_configs[0].authorization: expected a mapping, found text\n"},
      {"scrape_configs: [{job_name: a, authorization: {type: Basic, credentials: s3cret}}]",
       "1:54: scrape_configs[0].authorization.type: for basic authentication use basic_auth\n"},
      {"scrape_configs: [{job_name: a, authorization: {credentials: s3cret, credentials_file: b}}]",
       "1:69: scrape_configs[0].authorization.credentials_file: at most one of credentials and "
       "credentials_file may be set\n"},
      {"scrape_configs: [{job_name: a, authorization: {credentials: \"s3cret\\r\\nX: y\"}}]",
       "1:61: scrape_configs[0].authorization.credentials: must not contain line breaks or other "
       "control characters\n"},
      {"scrape_configs: [{job_name: a, authorization: {type: \"a\\nb\", credentials_file: b}}]",
       "1:54: scrape_configs[0].authorization.type: must not contain line breaks or other control "
       "characters\n"},
      {"scrape_configs: [{job_name: a, authorization: {credential: s3cret}}]",
       "1:48: scrape_configs[0].authorization: unknown key \"credential\"; did you mean "
       "\"credentials\"?\n"},
      {"scrape_configs: [{job_name: a, bearer_token: s3cret, bearer_token_file: b}]",
       "1:54: scrape_configs[0].bearer_token_file: at most one of bearer_token and "
       "bearer_token_file may be set\n"},
      {"scrape_configs: [{job_name: a, bearer_token: \"s3cret\\n\"}]",
       "1:46: scrape_configs[0].bearer_token: must not contain line breaks or other control "
       "characters\n"},
      {"scrape_configs: [{job_name: a, bearer_token: {s3cret: s3cret}}]",
       "1:46: scrape_configs[0].bearer_token: expected text, found a mapping\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {}, authorization: {credentials: s3cret}}]",
       "1:48: scrape_configs[0].authorization: at most one of basic_auth and authorization may be "
       "set\n"},
      {"scrape_configs: [{job_name: a, bearer_token: s3cret, basic_auth: {username: a}}]",
       "1:54: scrape_configs[0].basic_auth: at most one of basic_auth and bearer_token may be "
       "set\n"},
      {"scrape_configs: [{job_name: a, authorization: {credentials: s3cret}, bearer_token_file: "
       "b}]",
       "1:70: scrape_configs[0].bearer_token_file: at most one of authorization and "
       "bearer_token_file may be set\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

TEST_CASE("errors: tls") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, tls_config: {min_version: TLS1.2}}]",
       "1:58: scrape_configs[0].tls_config.min_version: expected TLS10, TLS11, TLS12 or TLS13, "
       "found \"TLS1.2\"\n"},
      {"scrape_configs: [{job_name: a, tls_config: {ca: a, ca_file: b, cert: c, cert_file: d, key: "
       "s3cret, key_file: f}}]",
       "1:52: scrape_configs[0].tls_config.ca_file: at most one of ca and ca_file may be set\n"
       "1:73: scrape_configs[0].tls_config.cert_file: at most one of cert and cert_file may be "
       "set\n"
       "1:100: scrape_configs[0].tls_config.key_file: at most one of key and key_file may be "
       "set\n"},
      {"scrape_configs: [{job_name: a, tls_config: {cert_file: a}}]",
       "1:44: scrape_configs[0].tls_config: a client certificate needs key or key_file\n"},
      {"scrape_configs: [{job_name: a, tls_config: {cert: a, key: \"\", key_file: \"\"}}]",
       "1:44: scrape_configs[0].tls_config: a client certificate needs key or key_file\n"},
      {"scrape_configs: [{job_name: a, tls_config: {key: s3cret}}]",
       "1:44: scrape_configs[0].tls_config: a client key needs cert or cert_file\n"},
      {"scrape_configs: [{job_name: a, tls_config: {insecure_skip_verify: 1, max_version: TLS14}}]",
       "1:67: scrape_configs[0].tls_config.insecure_skip_verify: expected true or false, found "
       "\"1\"\n"
       "1:83: scrape_configs[0].tls_config.max_version: expected TLS10, TLS11, TLS12 or TLS13, "
       "found \"TLS14\"\n"},
      {"scrape_configs: [{job_name: a, tls_config: {min_version: TLS13, max_version: TLS12}}]",
       "1:78: scrape_configs[0].tls_config.max_version: must not be less than min_version "
       "(TLS13)\n"},
      {"scrape_configs: [{job_name: a, tls_config: {max_version: TLS11}}]",
       "1:58: scrape_configs[0].tls_config.max_version: must not be less than min_version "
       "(TLS12)\n"},
      {"scrape_configs: [{job_name: a, tls_config: {ca_file: \"a\\0b\"}}]",
       "1:54: scrape_configs[0].tls_config.ca_file: a file name must not contain control "
       "characters\n"},
      {"scrape_configs: [{job_name: a, tls_config: {key: [s3cret], cert: a}}]",
       "1:50: scrape_configs[0].tls_config.key: expected text, found a list\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

namespace {

HttpClientConfig HttpOf(const char* keys) {
  const std::string text = "scrape_configs: [{job_name: a, " + std::string(keys) + "}]";
  REQUIRE(ErrorsOf(text) == "");
  return LoadConfig(text, "f", {}).config->scrape_configs.at(0).http;
}

}  // namespace

TEST_CASE("empty text is not set") {
  for (const char* keys :
       {"tls_config: {ca: '', ca_file: ''}", "tls_config: {cert: '', cert_file: '', key: ''}",
        "tls_config: {cert_file: ''}", "tls_config: {key_file: ''}", "bearer_token: ''",
        "bearer_token: '', bearer_token_file: ''"}) {
    CAPTURE(keys);
    CHECK(HttpOf(keys) == HttpClientConfig());
  }
  CHECK(HttpOf("tls_config: {ca: '', ca_file: /f}").tls.ca_file == "/f");
  CHECK(HttpOf("tls_config: {ca: x, ca_file: ''}").tls.ca == "x");
  CHECK(HttpOf("basic_auth: {username: u, password: '', password_file: /f}")
            .basic_auth->password_file == "/f");
  CHECK(HttpOf("authorization: {credentials: t, credentials_file: ''}, bearer_token: ''")
            .authorization->credentials.Reveal() == "t");
  CHECK(ErrorsOf("scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, "
                 "bearer_token_file: ''}]}]") == "");

  setenv("LIMPET_TEST_EMPTY", "", 1);
  LoadOptions options;
  options.expand_env = true;
  CHECK(ErrorsOf("scrape_configs: [{job_name: a, tls_config: {ca: \"${LIMPET_TEST_EMPTY}\", "
                 "ca_file: /f}}]",
                 options) == "");
}

TEST_CASE("an authorization without credentials sends no header") {
  for (const char* keys : {"authorization: {type: Token}", "authorization: {}",
                           "authorization: {credentials: '', credentials_file: ''}"}) {
    CAPTURE(keys);
    HttpCredentials credentials(HttpOf(keys));
    const auto header = credentials.AuthorizationHeader();
    REQUIRE(header.has_value());
    CHECK_FALSE(header->has_value());
  }
}

TEST_CASE("a bearer token is an authorization") {
  const auto http = HttpOf;
  CHECK(http("bearer_token: t") == http("authorization: {credentials: t}"));
  CHECK(http("bearer_token_file: /f") == http("authorization: {credentials_file: /f}"));
  CHECK_FALSE(http("scheme: https").authorization.has_value());
  CHECK_FALSE(http("scheme: https").basic_auth.has_value());
  CHECK(http("basic_auth: {username: u}").basic_auth->username == "u");
}

}  // namespace limpet
