// What oauth2, the proxy's keys and http_headers refuse; no secret is ever quoted.
#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("errors: oauth2") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, oauth2: {}}]",
       "1:40: scrape_configs[0].oauth2: client_id is missing\n"
       "1:40: scrape_configs[0].oauth2: token_url is missing\n"},
      {"scrape_configs: [{job_name: a, oauth2: {client_id: c, client_secret: s3cret, "
       "client_secret_file: f, token_url: \"ftp://s3cret\"}}]",
       "1:78: scrape_configs[0].oauth2.client_secret_file: at most one of client_secret and "
       "client_secret_file may be set\n"
       "1:112: scrape_configs[0].oauth2.token_url: URL must start with http:// or https://\n"},
      {"scrape_configs: [{job_name: a, oauth2: {client_id: c, token_url: \"http://t\", scopes: x, "
       "grant_type: jwt}}]",
       "1:86: scrape_configs[0].oauth2.scopes: expected a list, found text\n"
       "1:89: scrape_configs[0].oauth2.grant_type: not supported by limpet: it uses client "
       "credentials with a client_secret\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {}, oauth2: {client_id: c, token_url: "
       "\"http://t\"}}]",
       "1:48: scrape_configs[0].oauth2: at most one of basic_auth and oauth2 may be set\n"},
      {"scrape_configs: [{job_name: a, oauth2: {client_id: c, token_url: \"http://t\"}, "
       "bearer_token: s3cret}]",
       "1:79: scrape_configs[0].bearer_token: at most one of oauth2 and bearer_token may be "
       "set\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

TEST_CASE("errors: proxy and http_headers") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, proxy_url: \"socks5://u:s3cret@p:1\"}]",
       "1:43: scrape_configs[0].proxy_url: URL must start with http:// or https://\n"},
      {"scrape_configs: [{job_name: a, proxy_url: \"http://p\", proxy_from_environment: true, "
       "no_proxy: x}]",
       "1:32: scrape_configs[0].proxy_url: must not be set with proxy_from_environment\n"
       "1:85: scrape_configs[0].no_proxy: must not be set with proxy_from_environment\n"},
      {"scrape_configs: [{job_name: a, no_proxy: x, proxy_connect_header: {a: [s3cret]}}]",
       "1:32: scrape_configs[0].no_proxy: takes effect with proxy_url only; set that as well\n"
       "1:45: scrape_configs[0].proxy_connect_header: takes effect with proxy_url or "
       "proxy_from_environment only\n"},
      {"scrape_configs: [{job_name: a, http_headers: {Host: {values: [a]}, Authorization: "
       "{secrets: "
       "[s3cret]}, \"x y\": {}, z: {value: s3cret}, w: {secrets: [\"s3cret\\n\"]}}}]",
       "1:47: scrape_configs[0].http_headers.Host: this header is limpet's own and cannot be set\n"
       "1:68: scrape_configs[0].http_headers.Authorization: is set with authorization, basic_auth "
       "or oauth2\n"
       "1:104: scrape_configs[0].http_headers.x y: expected the name of an HTTP header\n"
       "1:119: scrape_configs[0].http_headers.z: unknown key \"value\"; did you mean \"values\"?\n"
       "1:149: scrape_configs[0].http_headers.w.secrets[0]: must not contain line breaks or other "
       "control characters\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

}  // namespace limpet
