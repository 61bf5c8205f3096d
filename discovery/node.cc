#include "discovery/node.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "discovery/meta_labels.h"
#include "discovery/object_meta.h"

namespace limpet {
namespace {

constexpr size_t kListedMax = 1000;

// The first of each type, as pairs of two texts of the list's items.
TextPairs ReadFirsts(const JsonValue& list, std::string_view key, std::string_view value) {
  TextPairs pairs;
  size_t looked_at = 0;
  for (const JsonValue& item : list.GetArray()) {
    if (++looked_at > kListedMax) break;
    const std::string_view type = JsonStringAt(item, key);
    const auto same = [&](const auto& pair) { return pair.first == type; };
    if (type.empty() || std::any_of(pairs.begin(), pairs.end(), same)) continue;
    pairs.emplace_back(type, JsonStringAt(item, value));
  }
  return pairs;
}

std::string_view AddressOf(const TextPairs& addresses) {
  for (const std::string_view type :
       {"InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"}) {
    for (const auto& [key, value] : addresses) {
      if (key == type) return value;
    }
  }
  return {};
}

}  // namespace

std::string NodeRecord(const JsonValue& object) {
  const JsonValue& status = JsonObjectAt(object, "status");
  RecordWriter out;
  WriteObjectMeta(ReadObjectMeta(object), out);
  out.Text(JsonStringAt(JsonObjectAt(object, "spec"), "providerID"));
  out.Number(JsonUintAt(JsonObjectAt(JsonObjectAt(status, "daemonEndpoints"), "kubeletEndpoint"),
                        "Port", 65535));
  out.Map(ReadFirsts(JsonArrayAt(status, "addresses"), "type", "address"));
  out.Map(ReadFirsts(JsonArrayAt(status, "conditions"), "type", "status"));
  return out.Take();
}

TargetGroup NodeTargets(std::string_view record) {
  RecordReader in(record);
  const ObjectMeta meta = ReadObjectMeta(in);
  const std::string_view provider_id = in.Text();
  const uint64_t port = in.Number();
  const TextPairs addresses = in.Map();
  const TextPairs conditions = in.Map();

  TargetGroup group;
  group.source.append("node/").append(meta.name);
  const std::string_view address = AddressOf(addresses);
  if (address.empty()) return group;

  std::vector<Label> labels;
  AddMeta(labels, "node_provider_id", provider_id);
  for (const auto& [type, value] : conditions) {
    AddMeta(labels, "node_condition_" + SanitizeLabelName(LowerCase(type)), LowerCase(value));
  }
  AddObjectMeta(labels, "node", meta);
  group.labels = Labels(std::move(labels));

  std::vector<Label> target = {{"__address__", JoinHostPort(address, port)},
                               {"instance", std::string(meta.name)}};
  for (const auto& [type, value] : addresses) {
    AddMeta(target, "node_address_" + SanitizeLabelName(type), value);
  }
  group.targets.emplace_back(std::move(target));
  return group;
}

}  // namespace limpet
