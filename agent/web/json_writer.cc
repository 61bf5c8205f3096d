#include "agent/web/json_writer.h"

#include <cmath>

#include "agent/platform/utf8.h"

namespace limpet {
namespace {

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = Utf8CharacterBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

}  // namespace

void JsonWriter::Text(std::string_view text) {
  const auto write = [this](std::string_view valid) {
    // Its length is an unsigned; nothing that comes near it is shown anywhere.
    writer_.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  };
  if (IsUtf8(text)) {
    write(text);
  } else {
    write(ToValidUtf8(text));
  }
}

void JsonWriter::Number(double value) {
  if (std::isfinite(value)) {
    writer_.Double(value);
  } else {
    writer_.Null();
  }
}

void JsonWriter::Object(const Labels& labels) {
  StartObject();
  for (const Label& label : labels) Field(label.name, label.value);
  EndObject();
}

}  // namespace limpet
