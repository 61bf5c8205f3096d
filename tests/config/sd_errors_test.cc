// What file_sd_configs, http_sd_configs and scrape_config_files refuse, where they say so, and how.
#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {
namespace {

std::string ErrorsOfJob(const std::string& block) {
  return ErrorsOf("scrape_configs: [{job_name: a,\n" + block + "}]");
}

TEST_CASE("errors: file_sd_configs") {
  const std::string name =
      "expected a file name that ends in .json, .yml or .yaml, with * in its last segment at most, "
      "found ";
  const std::pair<std::string, std::string> cases[] = {
      {"file_sd_configs: [{files: [a.txt]}]", "2:28: [0].files[0]: " + name + "\"a.txt\"\n"},
      {"file_sd_configs: [{files: [\"*/a.json\"]}]",
       "2:28: [0].files[0]: " + name + "\"*/a.json\"\n"},
      {"file_sd_configs: [{files: [a.Json, b.yaml]}]",
       "2:28: [0].files[0]: " + name + "\"a.Json\"\n"},
      {"file_sd_configs: [{files: [\"a\\nb.json\"]}]",
       "2:28: [0].files[0]: " + name + "\"a\\nb.json\"\n"},
      {"file_sd_configs: [{files: [[a.json]]}]",
       "2:28: [0].files[0]: expected a file name, found a list\n"},
      {"file_sd_configs: [{files: a.json}]", "2:27: [0].files: expected a list, found text\n"},
      {"file_sd_configs: [{files: []}]",
       "2:19: [0]: files is missing: the files to read targets from\n"},
      {"file_sd_configs: [{refresh_interval: 1m}]",
       "2:19: [0]: files is missing: the files to read targets from\n"},
      {"file_sd_configs: [{files: [a.json], refresh_interval: 0s}]",
       "2:55: [0].refresh_interval: must be greater than 0\n"},
      {"file_sd_configs: [{files: [a.json], file: b}]",
       "2:37: [0]: unknown key \"file\"; did you mean \"files\"?\n"},
      {"file_sd_configs: [a.json]", "2:19: [0]: expected a mapping, found text\n"},
  };
  for (const auto& [block, error] : cases) {
    CAPTURE(block);
    std::string expected = error;
    expected.insert(expected.find('['), "scrape_configs[0].file_sd_configs");
    CHECK(ErrorsOfJob(block) == expected);
  }
}

TEST_CASE("errors: http_sd_configs") {
  const std::pair<std::string, std::string> cases[] = {
      {"http_sd_configs: [{}]", "2:19: [0]: url is missing: where to ask for targets\n"},
      {"http_sd_configs: [{url: x}]", "2:25: [0].url: URL must start with http:// or https://\n"},
      {"http_sd_configs: [{url: \"http://u:pw@h/\"}]",
       "2:25: [0].url: URL must not contain a user name or password\n"},
      {"http_sd_configs: [{url: \"http://h/\", refresh_interval: x}]",
       "2:56: [0].refresh_interval: expected a duration such as 15s, 1m30s or 100ms (units y w d h "
       "m s ms), found \"x\"\n"},
      {"http_sd_configs: [{url: \"http://h/\", bearer_token: a, oauth2: {client_id: c, "
       "client_secret: s, token_url: \"http://t/\"}}]",
       "2:55: [0].oauth2: at most one of oauth2 and bearer_token may be set\n"},
      {"http_sd_configs: [{url: \"http://h/\", interval: 5s, headers: {}}]", ""},
  };
  for (const auto& [block, error] : cases) {
    CAPTURE(block);
    std::string expected = error;
    if (!error.empty()) {
      expected.insert(expected.find('['), "scrape_configs[0].http_sd_configs");
      CHECK(ErrorsOfJob(block) == expected);
    } else {
      CHECK(ErrorsOfJob(block).find("unknown key \"interval\"") != std::string::npos);
      CHECK(ErrorsOfJob(block).find("unknown key \"headers\"") != std::string::npos);
    }
  }
}

TEST_CASE("errors: scrape_config_files") {
  const ErrorCase cases[] = {
      {"scrape_config_files: a", "1:22: scrape_config_files: expected a list, found text\n"},
      {"scrape_config_files: [\"*/a.yml\"]",
       "1:23: scrape_config_files[0]: expected a file name, with * in its last segment at most, "
       "found \"*/a.yml\"\n"},
      {"scrape_config_files: [a/, b.yml, {}]",
       "1:23: scrape_config_files[0]: expected a file name, with * in its last segment at most, "
       "found \"a/\"\n1:34: scrape_config_files[2]: expected a file name, found a mapping\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

}  // namespace
}  // namespace limpet
