#include "discovery/owner.h"

namespace limpet {

std::string OwnerRecord(const JsonValue& object) {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  const ControllerRef controller = ReadController(object);
  RecordWriter out;
  out.Text(JsonStringAt(metadata, "namespace"));
  out.Text(JsonStringAt(metadata, "name"));
  out.Text(controller.kind);
  out.Text(controller.name);
  return out.Take();
}

ControllerRef ControllerOfRecord(std::string_view record) {
  RecordReader in(record);
  in.Text();
  in.Text();
  ControllerRef controller;
  controller.kind = in.Text();
  controller.name = in.Text();
  return controller;
}

std::string MetaRecord(const JsonValue& object) {
  RecordWriter out;
  WriteObjectMeta(ReadObjectMeta(object), out);
  return out.Take();
}

}  // namespace limpet
