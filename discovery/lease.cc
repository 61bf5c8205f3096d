#include "discovery/lease.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "agent/platform/timestamp.h"
#include "discovery/json_object.h"

namespace limpet {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr size_t kVersionBytesMax = 256;
constexpr uint64_t kTransitionsMax = INT32_MAX;
constexpr uint64_t kDurationSecondsMax = INT32_MAX;
constexpr int kDepthMax = 6;  // ownerReferences have 3

void WriteText(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

bool WriteValue(const JsonValue& value, int depth, Writer& writer) {
  if (depth > kDepthMax) return false;
  if (value.IsObject()) {
    writer.StartObject();
    for (const auto& member : value.GetObject()) {
      if (depth == 0 && JsonView(member.name) == "managedFields") continue;
      WriteText(writer, JsonView(member.name));
      if (!WriteValue(member.value, depth + 1, writer)) return false;
    }
    writer.EndObject();
  } else if (value.IsArray()) {
    writer.StartArray();
    for (const JsonValue& item : value.GetArray()) {
      if (!WriteValue(item, depth + 1, writer)) return false;
    }
    writer.EndArray();
  } else {
    value.Accept(writer);
  }
  return true;
}

}  // namespace

bool Lease::SameRecord(const Lease& other) const {
  return holder == other.holder && duration == other.duration &&
         acquire_time == other.acquire_time && renew_time == other.renew_time &&
         transitions == other.transitions;
}

Result<Lease> ReadLease(std::string& text) {
  rapidjson::Document document;
  if (auto parsed = ParseJsonObject(text, document); !parsed) return parsed.error();
  const JsonValue& metadata = JsonObjectAt(document, "metadata");
  const std::string_view version = JsonStringAt(metadata, "resourceVersion");
  if (version.empty() || version.size() > kVersionBytesMax) {
    return Error{"the answer is not a Lease with a resourceVersion"};
  }
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  if (!WriteValue(metadata, 0, writer)) return Error{"the Lease's metadata is nested too deep"};
  Lease lease;
  lease.metadata.assign(buffer.GetString(), buffer.GetSize());
  const JsonValue& spec = JsonObjectAt(document, "spec");
  lease.holder = JsonStringAt(spec, "holderIdentity");
  lease.duration =
      std::chrono::seconds(JsonUintAt(spec, "leaseDurationSeconds", kDurationSecondsMax));
  lease.acquire_time = JsonStringAt(spec, "acquireTime");
  lease.renew_time = JsonStringAt(spec, "renewTime");
  lease.transitions = JsonUintAt(spec, "leaseTransitions", kTransitionsMax);
  return lease;
}

std::string LeaseText(const Lease& lease, const std::string& name_space, const std::string& name) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  const auto field = [&writer](std::string_view key, std::string_view text) {
    WriteText(writer, key);
    WriteText(writer, text);
  };
  const auto number = [&writer](std::string_view key, uint64_t value) {
    WriteText(writer, key);
    writer.Uint64(value);
  };
  writer.StartObject();
  field("apiVersion", "coordination.k8s.io/v1");
  field("kind", "Lease");
  WriteText(writer, "metadata");
  if (lease.metadata.empty()) {
    writer.StartObject();
    field("name", name);
    field("namespace", name_space);
    writer.EndObject();
  } else {
    writer.RawValue(lease.metadata.data(), lease.metadata.size(), rapidjson::kObjectType);
  }
  WriteText(writer, "spec");
  writer.StartObject();
  field("holderIdentity", lease.holder);
  number("leaseDurationSeconds",
         static_cast<uint64_t>(std::chrono::ceil<std::chrono::seconds>(lease.duration).count()));
  field("acquireTime", lease.acquire_time);
  field("renewTime", lease.renew_time);
  number("leaseTransitions", std::min(lease.transitions, kTransitionsMax));
  writer.EndObject();
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::string MicroTimeText(int64_t wall_ms) {
  std::string text = FormatTimestamp(wall_ms);
  text.insert(text.size() - 1, "000");
  return text;
}

}  // namespace limpet
