// What remote_write and storage refuse.
#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("errors: remote_write") {
  const ErrorCase cases[] = {
      {"remote_write: [x]", "1:16: remote_write[0]: expected a mapping, found text\n"},
      {"remote_write: [{}]", "1:16: remote_write[0]: url is missing\n"},
      {"remote_write: [{url: \"\"}]",
       "1:22: remote_write[0].url: URL must start with http:// or https://\n"},
      {"remote_write: [{url: \"ftp://a\"}]",
       "1:22: remote_write[0].url: URL must start with http:// or https://\n"},
      {"remote_write: [{url: \"a:80/s3cret\"}]",
       "1:22: remote_write[0].url: URL must start with http:// or https://\n"},
      {"remote_write: [{url: \"http://u:s3cret@a/\"}]",
       "1:22: remote_write[0].url: URL must not contain a user name or password\n"},
      {"remote_write: [{url: \"http://\"}]", "1:22: remote_write[0].url: URL: host is missing\n"},
      {"remote_write: [{url: \"http://a:99999/\"}]",
       "1:22: remote_write[0].url: URL: invalid port: must be a number from 1 to 65535\n"},
      {"remote_write: [{url: \"http://a b/\"}]",
       "1:22: remote_write[0].url: URL: invalid host: must be of letters, digits, '-', '.' and "
       "'_'\n"},
      {"remote_write: [{url: \"https://u:s3cret/pw@h/x\"}]",
       "1:22: remote_write[0].url: URL: invalid port: must be a number from 1 to 65535\n"},
      {"remote_write: [{url: [a]}]", "1:22: remote_write[0].url: expected text, found a list\n"},
      {"remote_write: [{url: \"http://a\", name: \"a/b\"}]",
       "1:40: remote_write[0].name: expected a name of at most 100 bytes without slashes and "
       "control characters that does not begin with a dot\n"},
      {"remote_write: [{url: \"http://a\", name: \"..\"}]",
       "1:40: remote_write[0].name: expected a name of at most 100 bytes without slashes and "
       "control characters that does not begin with a dot\n"},
      {"remote_write: [{url: \"http://a\", remote_timeout: 0s}]",
       "1:50: remote_write[0].remote_timeout: must be greater than 0\n"},
      {"remote_write: [{url: \"http://a\"}, {url: \"http://a\"}]",
       "1:35: remote_write[1].name: \"28cbff\" is the name of remote_write[0] already; where it is "
       "not set, it is made from the url\n"},
      {"remote_write: [{url: \"http://a\", name: x}, {url: \"http://b\", name: x}]",
       "1:68: remote_write[1].name: \"x\" is the name of remote_write[0] already; where it is not "
       "set, it is made from the url\n"},
      {"remote_write: [{url: \"http://a\", headers: [s3cret]}]",
       "1:43: remote_write[0].headers: expected a mapping, found a list\n"},
      {"remote_write: [{url: \"http://a\", headers: {Authorization: s3cret, Host: s3cret, "
       "user-agent: s3cret}}]",
       "1:44: remote_write[0].headers.Authorization: is set with authorization or basic_auth\n"
       "1:67: remote_write[0].headers.Host: this header is limpet's own and cannot be set\n"
       "1:81: remote_write[0].headers.user-agent: this header is limpet's own and cannot be set\n"},
      {"remote_write: [{url: \"http://a\", headers: {\"a b\": s3cret, \"a:\": s3cret, \"\": "
       "s3cret}}]",
       "1:44: remote_write[0].headers.a b: expected the name of an HTTP header\n"
       "1:59: remote_write[0].headers.a:...: expected the name of an HTTP header\n"
       "1:73: remote_write[0].headers.: expected the name of an HTTP header\n"},
      {"remote_write: [{url: \"http://a\", headers: {a: \"s3cret\\r\\nb: c\", b: [s3cret]}}]",
       "1:47: remote_write[0].headers.a: must not contain line breaks or other control characters\n"
       "1:68: remote_write[0].headers.b: expected text, found a list\n"},
      {"remote_write: [{url: \"http://a\", headers: {X-A: s3cret, x-a: s3cret}}]",
       "1:57: remote_write[0].headers.x-a: this header is there already, in another case\n"},
      {"remote_write: [{url: \"http://a\", write_relabel_configs: [{}]}]",
       "1:58: remote_write[0].write_relabel_configs[0]: action replace needs target_label\n"},
      {"remote_write: [{url: \"http://a\", write_relabel_config: []}]",
       "1:34: remote_write[0]: unknown key \"write_relabel_config\"; did you mean "
       "\"write_relabel_configs\"?\n"},
      {"remote_write: [{url: \"http://a\", send_exemplars: some, metadata_config: {}, "
       "protobuf_message: x, sigv4: {}}]",
       "1:50: remote_write[0].send_exemplars: expected true or false, found \"some\"\n"
       "1:56: remote_write[0].metadata_config: not supported by limpet: type, help and unit travel "
       "with the samples of Remote-Write 2.0\n"
       "1:95: remote_write[0].protobuf_message: expected auto, prometheus.WriteRequest or "
       "io.prometheus.write.v2.Request, found \"x\"\n"
       "1:98: remote_write[0].sigv4: not supported by limpet\n"},
      {"remote_write: [{url: \"http://a\", start_at: 5m}]",
       "1:44: remote_write[0].start_at: expected now or oldest, found \"5m\"\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

TEST_CASE("errors: queue_config") {
  const ErrorCase cases[] = {
      {"remote_write: [{url: \"http://a\", queue_config: 5}]",
       "1:48: remote_write[0].queue_config: expected a mapping, found text\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {capacity: 10000}}]",
       "1:49: remote_write[0].queue_config.capacity: not supported by limpet: samples wait in its "
       "log, not in memory\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {min_shards: 0}}]",
       "1:61: remote_write[0].queue_config.min_shards: must be greater than 0\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_shards: 0}}]",
       "1:61: remote_write[0].queue_config.max_shards: expected a number from 1 to 200\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_shards: 201}}]",
       "1:61: remote_write[0].queue_config.max_shards: expected a number from 1 to 200\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {min_shards: 17}}]",
       "1:61: remote_write[0].queue_config.min_shards: min_shards must not be greater than "
       "max_shards (16)\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {min_shards: 3, max_shards: 2}}]",
       "1:76: remote_write[0].queue_config.max_shards: min_shards must not be greater than "
       "max_shards (2)\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_bytes_per_send: 1KiB}}]",
       "1:69: remote_write[0].queue_config.max_bytes_per_send: expected a size from 16KiB to "
       "64MiB\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_bytes_per_send: 1GiB}}]",
       "1:69: remote_write[0].queue_config.max_bytes_per_send: expected a size from 16KiB to "
       "64MiB\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {retry_on_http_429: false}}]",
       "1:68: remote_write[0].queue_config.retry_on_http_429: limpet always tries again after a "
       "429, so that nothing is dropped; expected true\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {retry_on_http_429: 5}}]",
       "1:68: remote_write[0].queue_config.retry_on_http_429: expected true or false, found "
       "\"5\"\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_samples_per_send: 0}}]",
       "1:71: remote_write[0].queue_config.max_samples_per_send: must be greater than 0\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {batch_send_deadline: 0s}}]",
       "1:70: remote_write[0].queue_config.batch_send_deadline: must be greater than 0\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {min_backoff: 10s}}]",
       "1:62: remote_write[0].queue_config.min_backoff: min_backoff must not be greater than "
       "max_backoff\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_backoff: 100ms}}]",
       "1:62: remote_write[0].queue_config.max_backoff: min_backoff must not be greater than "
       "max_backoff\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {min_backoff: 2s, max_backoff: 1s}}]",
       "1:79: remote_write[0].queue_config.max_backoff: min_backoff must not be greater than "
       "max_backoff\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {min_backoff: x, max_backoff: 1ms}}]",
       "1:62: remote_write[0].queue_config.min_backoff: expected a duration such as 15s, 1m30s or "
       "100ms (units y w d h m s ms), found \"x\"\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {sample_age_limit: 1}}]",
       "1:67: remote_write[0].queue_config.sample_age_limit: expected a duration such as 15s, "
       "1m30s or 100ms (units y w d h m s ms), found \"1\"\n"},
      {"remote_write: [{url: \"http://a\", queue_config: {max_sample_per_send: 1}}]",
       "1:49: remote_write[0].queue_config: unknown key \"max_sample_per_send\"; did you mean "
       "\"max_samples_per_send\"?\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

TEST_CASE("errors: storage") {
  const ErrorCase cases[] = {
      {"storage: {max_bytes: 512}",
       "1:22: storage.max_bytes: expected a size such as 512KB, 64MB or 1GiB, or 0, found "
       "\"512\"\n"},
      {"storage: {max_bytes: 31MiB}",
       "1:22: storage.max_bytes: must be at least 32MiB, two segments of the log\n"},
      {"storage: {max_age: -1s}",
       "1:20: storage.max_age: expected a duration such as 15s, 1m30s or 100ms (units y w d h m s "
       "ms), found \"-1s\"\n"},
      {"storage: {sync_interval: 0s}", "1:26: storage.sync_interval: must be greater than 0\n"},
      {"storage: {max_size: 1GB}",
       "1:11: storage: unknown key \"max_size\"; expected one of max_age, max_bytes, "
       "sync_interval\n"},
      {"storage: {tsdb: {out_of_order_time_window: 5m}, exemplars: {}}",
       "1:11: storage.tsdb: not supported by limpet: its log has max_bytes and max_age\n"
       "1:49: storage.exemplars: not supported by limpet\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
    CHECK(ErrorsOf(c.text).find("s3cret") == std::string::npos);
  }
}

}  // namespace limpet
