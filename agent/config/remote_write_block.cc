#include <xxhash.h>

#include <algorithm>
#include <cstdio>

#include "agent/config/blocks.h"
#include "agent/config/http_client_parts.h"

namespace limpet {

namespace {

constexpr size_t kNameBytesMax = 100;
constexpr uint64_t kShardsMax = 200;
// A batch and its copies are in memory at once.
constexpr uint64_t kSendBytesLeast = 16u << 10;
constexpr uint64_t kSendBytesMost = 64u << 20;

// What the sender or the HTTP client sets itself, as in Prometheus.
constexpr std::string_view kSenderHeaders[] = {
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "www-authenticate",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-prometheus-remote-read-version",
    "x-prometheus-remote-write-version",
};

// Values may be secrets and are never quoted.
void ReadHeaders(ReadContext& context, const YamlNode& node, const std::string& path,
                 std::vector<HttpHeader>& headers) {
  MappingReader reader(context, node, path);
  for (const auto& [name, entry] : reader.entries()) {
    const std::string lower = AsciiLower(name);
    if (!IsHeaderName(name)) {
      reader.KeyError(name, "expected the name of an HTTP header");
    } else if (lower == "authorization") {
      reader.KeyError(name, "is set with authorization or basic_auth");
    } else if (std::find(std::begin(kSenderHeaders), std::end(kSenderHeaders), lower) !=
               std::end(kSenderHeaders)) {
      reader.KeyError(name, "this header is limpet's own and cannot be set");
    } else if (std::any_of(headers.begin(), headers.end(), [&](const HttpHeader& header) {
                 return AsciiLower(header.name) == lower;
               })) {
      reader.KeyError(name, "this header is there already, in another case");
    }
    HttpHeader header{std::string(name), ""};
    if (!reader.Text(name, header.value)) continue;
    if (!IsHeaderValue(header.value)) {
      reader.ValueError(name, "must not contain line breaks or other control characters");
    }
    headers.push_back(std::move(header));
  }
}

// It names the receiver's cursor on disk and its metrics.
bool IsReceiverName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && IsHeaderValue(name) &&
         name.find_first_of("/\\\t") == std::string_view::npos && !name.starts_with('.');
}

std::string DefaultName(const Url& url) {
  const std::string text = url.ToString();
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return std::string(digits, 6);
}

void ReadProtobufMessage(MappingReader& reader, RemoteWriteMessage& message) {
  std::string text;
  if (!reader.Text("protobuf_message", text)) return;
  if (text == "auto") {
    message = RemoteWriteMessage::kAuto;
  } else if (text == "prometheus.WriteRequest") {
    message = RemoteWriteMessage::kV1;
  } else if (text == "io.prometheus.write.v2.Request") {
    message = RemoteWriteMessage::kV2;
  } else {
    reader.ValueError("protobuf_message",
                      "expected auto, prometheus.WriteRequest or io.prometheus.write.v2.Request, "
                      "found " +
                          Quoted(text));
  }
}

void ReadStartAt(MappingReader& reader, ReceiverStart& start_at) {
  std::string text;
  if (!reader.Text("start_at", text)) return;
  if (text == "now") {
    start_at = ReceiverStart::kNow;
  } else if (text == "oldest") {
    start_at = ReceiverStart::kOldest;
  } else {
    reader.ValueError("start_at", "expected now or oldest, found " + Quoted(text));
  }
}

void ReadRemoteWrite(ReadContext& context, const YamlNode& node, const std::string& path,
                     std::map<std::string, std::string>& names, RemoteWriteConfig& remote_write) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  const bool has_url = reader.HttpUrl("url", remote_write.url);
  if (!reader.Has("url")) reader.Error("url is missing");
  if (reader.Text("name", remote_write.name) && !remote_write.name.empty()) {
    if (!IsReceiverName(remote_write.name)) {
      reader.ValueError("name",
                        "expected a name of at most 100 bytes without slashes and control "
                        "characters that does not begin with a dot");
    }
  } else if (has_url) {
    remote_write.name = DefaultName(remote_write.url);
  }
  const auto [first, is_first] = names.emplace(remote_write.name, path);
  if (!is_first && !remote_write.name.empty()) {
    reader.ValueError("name", Quoted(remote_write.name) + " is the name of " + first->second +
                                  " already; where it is not set, it is made from the url");
  }
  reader.PositiveDuration("remote_timeout", remote_write.remote_timeout);
  ReadHttpClient(reader, remote_write.http);
  if (const YamlNode* headers = reader.Find("headers")) {
    ReadHeaders(context, *headers, reader.PathOf("headers"), remote_write.http.headers);
  }
  ReadProtobufMessage(reader, remote_write.protobuf_message);
  reader.Bool("send_exemplars", remote_write.send_exemplars);
  reader.Bool("send_native_histograms", remote_write.send_native_histograms);
  ReadStartAt(reader, remote_write.start_at);
  ReadRelabelRules(reader, "write_relabel_configs", remote_write.write_relabel_configs);
  if (const YamlNode* queue = reader.Find("queue_config")) {
    ReadQueueConfig(context, *queue, reader.PathOf("queue_config"), remote_write.queue);
  }
  for (const char* key : {"sigv4", "azuread", "google_iam", "round_robin_dns"}) {
    reader.NotSupported(key);
  }
  reader.NotSupported("metadata_config",
                      "type, help and unit travel with the samples of Remote-Write 2.0");
  reader.Finish();
}

}  // namespace

namespace {

void ReadShards(MappingReader& reader, QueueConfig& queue) {
  const bool has_min = reader.Unsigned("min_shards", queue.min_shards);
  const bool has_max = reader.Unsigned("max_shards", queue.max_shards);
  if (has_min && queue.min_shards == 0) {
    return reader.ValueError("min_shards", "must be greater than 0");
  }
  if (has_max && (queue.max_shards == 0 || queue.max_shards > kShardsMax)) {
    return reader.ValueError("max_shards", "expected a number from 1 to 200");
  }
  const bool both_known =
      (has_min || !reader.Has("min_shards")) && (has_max || !reader.Has("max_shards"));
  if (both_known && queue.min_shards > queue.max_shards) {
    const char* key = has_max ? "max_shards" : "min_shards";
    reader.ValueError(key, "min_shards must not be greater than max_shards (" +
                               std::to_string(queue.max_shards) + ")");
  }
}

void ReadBatchSize(MappingReader& reader, QueueConfig& queue) {
  if (reader.Unsigned("max_samples_per_send", queue.max_samples_per_send) &&
      queue.max_samples_per_send == 0) {
    reader.ValueError("max_samples_per_send", "must be greater than 0");
  }
  if (reader.ByteSize("max_bytes_per_send", queue.max_bytes_per_send) &&
      (queue.max_bytes_per_send < kSendBytesLeast || queue.max_bytes_per_send > kSendBytesMost)) {
    reader.ValueError("max_bytes_per_send", "expected a size from 16KiB to 64MiB");
  }
}

}  // namespace

void ReadQueueConfig(ReadContext& context, const YamlNode& node, const std::string& path,
                     QueueConfig& queue) {
  MappingReader reader(context, node, path);
  ReadShards(reader, queue);
  ReadBatchSize(reader, queue);
  reader.PositiveDuration("batch_send_deadline", queue.batch_send_deadline);
  const bool has_min = reader.PositiveDuration("min_backoff", queue.min_backoff);
  const bool has_max = reader.PositiveDuration("max_backoff", queue.max_backoff);
  const bool both_known =
      (has_min || !reader.Has("min_backoff")) && (has_max || !reader.Has("max_backoff"));
  if (both_known && queue.min_backoff > queue.max_backoff) {
    const char* key = has_max ? "max_backoff" : "min_backoff";
    reader.ValueError(key, "min_backoff must not be greater than max_backoff");
  }
  reader.Duration("sample_age_limit", queue.sample_age_limit);
  bool retry_on_429 = true;
  if (reader.Bool("retry_on_http_429", retry_on_429) && !retry_on_429) {
    reader.ValueError("retry_on_http_429",
                      "limpet always tries again after a 429, so that nothing is dropped; "
                      "expected true");
  }
  reader.NotSupported("capacity", "samples wait in its log, not in memory");
  reader.Finish();
}

void ReadRemoteWrites(ReadContext& context, const YamlNode& node,
                      std::vector<RemoteWriteConfig>& remote_writes) {
  std::map<std::string, std::string> names;  // to path
  ReadList(context, node, "remote_write", [&](const YamlNode& item, const std::string& path) {
    ReadRemoteWrite(context, item, path, names, remote_writes.emplace_back());
  });
}

}  // namespace limpet
