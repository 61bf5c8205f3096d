#include "discovery/object_meta.h"

namespace limpet {

std::string_view ObjectMeta::Label(std::string_view name_of_label) const {
  for (const auto& [key, value] : labels) {
    if (key == name_of_label) return value;
  }
  return {};
}

TextPairs ReadTextPairs(const JsonValue& object) {
  TextPairs pairs;
  pairs.reserve(object.MemberCount());
  for (const auto& member : object.GetObject()) {
    if (member.value.IsString()) pairs.emplace_back(JsonView(member.name), JsonView(member.value));
  }
  return pairs;
}

ObjectMeta ReadObjectMeta(const JsonValue& object) {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  return {JsonStringAt(metadata, "namespace"), JsonStringAt(metadata, "name"),
          ReadTextPairs(JsonObjectAt(metadata, "labels")),
          ReadTextPairs(JsonObjectAt(metadata, "annotations"))};
}

void WriteObjectMeta(const ObjectMeta& meta, RecordWriter& out) {
  out.Text(meta.name_space);
  out.Text(meta.name);
  out.Map(meta.labels);
  out.Map(meta.annotations);
}

ObjectMeta ReadObjectMeta(RecordReader& in) {
  ObjectMeta meta;
  meta.name_space = in.Text();
  meta.name = in.Text();
  meta.labels = in.Map();
  meta.annotations = in.Map();
  return meta;
}

ControllerRef ReadController(const JsonValue& object) {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  for (const JsonValue& owner : JsonArrayAt(metadata, "ownerReferences").GetArray()) {
    if (JsonBoolAt(owner, "controller")) {
      return {JsonStringAt(owner, "kind"), JsonStringAt(owner, "name")};
    }
  }
  return {};
}

}  // namespace limpet
