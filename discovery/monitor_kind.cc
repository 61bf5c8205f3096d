#include "discovery/monitor_kind.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <vector>

#include "discovery/base64.h"
#include "discovery/object_meta.h"
#include "discovery/record.h"

namespace limpet {
namespace {

constexpr size_t kSpecBytesMax = 256 * 1024;
constexpr int kDepthMax = 48;

constexpr std::string_view kGroup = "/apis/monitoring.coreos.com/v1";
constexpr std::string_view kAlphaGroup = "/apis/monitoring.coreos.com/v1alpha1";

// In the order of MonitorKind.
constexpr KubernetesKind kKinds[] = {
    {"servicemonitor", kGroup, "servicemonitors", true, &MonitorRecord},
    {"podmonitor", kGroup, "podmonitors", true, &MonitorRecord},
    {"probe", kGroup, "probes", true, &MonitorRecord},
    {"scrapeconfig", kAlphaGroup, "scrapeconfigs", true, &MonitorRecord},
};
constexpr KubernetesKind kSecretKind{"secret", "/api/v1", "secrets", true, &SecretRecord};
constexpr KubernetesKind kConfigMapKind{"configmap", "/api/v1", "configmaps", true,
                                        &ConfigMapRecord};

// Recursion as deep as the bound, not as the object.
bool IsDeeperThan(const JsonValue& value, int levels) {
  if (levels == 0) return value.IsObject() || value.IsArray();
  if (value.IsArray()) {
    for (const JsonValue& item : value.GetArray()) {
      if (IsDeeperThan(item, levels - 1)) return true;
    }
  } else if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      if (IsDeeperThan(member.value, levels - 1)) return true;
    }
  }
  return false;
}

void WriteName(const JsonValue& object, RecordWriter& out) {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  out.Text(JsonStringAt(metadata, "namespace"));
  out.Text(JsonStringAt(metadata, "name"));
}

}  // namespace

const KubernetesKind& KubernetesKindOf(MonitorKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}
const KubernetesKind& SecretKind() { return kSecretKind; }
const KubernetesKind& ConfigMapKind() { return kConfigMapKind; }

std::string MonitorRecord(const JsonValue& object) {
  RecordWriter out;
  WriteName(object, out);
  const JsonValue& spec = JsonObjectAt(object, "spec");
  if (IsDeeperThan(spec, kDepthMax)) {
    out.Text("");
    out.Text("spec: nested deeper than 48 levels");
    return out.Take();
  }
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  spec.Accept(writer);
  const bool large = text.GetSize() > kSpecBytesMax;
  out.Text(large ? std::string_view() : std::string_view(text.GetString(), text.GetSize()));
  out.Text(large ? "spec: larger than 256 KiB" : "");
  return out.Take();
}

MonitorObject DecodeMonitor(std::string_view record) {
  RecordReader in(record);
  MonitorObject object;
  for (std::string_view* text : {&object.name_space, &object.name, &object.spec, &object.problem}) {
    *text = in.Text();
  }
  return object;
}

// A value that is no base64, which the API server does not store, is left out.
std::string SecretRecord(const JsonValue& object) {
  std::vector<std::pair<std::string_view, std::string>> values;
  for (const auto& [key, encoded] : ReadTextPairs(JsonObjectAt(object, "data"))) {
    if (auto value = DecodeBase64(encoded)) values.emplace_back(key, std::move(*value));
  }
  RecordWriter out;
  WriteName(object, out);
  out.Map(TextPairs(values.begin(), values.end()));
  return out.Take();
}

std::string ConfigMapRecord(const JsonValue& object) {
  RecordWriter out;
  WriteName(object, out);
  out.Map(ReadTextPairs(JsonObjectAt(object, "data")));
  return out.Take();
}

std::optional<std::string_view> FindValue(std::string_view record, std::string_view key) {
  RecordReader in(record);
  in.Text();
  in.Text();
  for (const auto& [name, value] : in.Map()) {
    if (name == key) return value;
  }
  return std::nullopt;
}

}  // namespace limpet
