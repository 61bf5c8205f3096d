#include "discovery/json_object.h"

#include <rapidjson/error/en.h>

namespace limpet {
namespace {

constexpr size_t kSequenceBytesMax = 4;

const JsonValue* Find(const JsonValue& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  const auto member = object.FindMember(
      JsonValue(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))));
  return member == object.MemberEnd() ? nullptr : &member->value;
}

}  // namespace

Result<void> ParseJsonObject(std::string& text, rapidjson::Document& document) {
  // A sequence of UTF-8 is read whole before it is looked at: where the text breaks off inside of
  // one, behind its end.
  const size_t size = text.size();
  text.append(kSequenceBytesMax, '\0').resize(size);
  document.ParseInsitu<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      text.data());
  if (document.HasParseError()) {
    return Error{"not valid JSON: " + std::string(GetParseError_En(document.GetParseError())) +
                 " at byte " + std::to_string(document.GetErrorOffset())};
  }
  if (!document.IsObject()) return Error{"not a JSON object"};
  return {};
}

const JsonValue& JsonObjectAt(const JsonValue& object, std::string_view name) {
  static const JsonValue kNone(rapidjson::kObjectType);
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->IsObject() ? *value : kNone;
}

const JsonValue& JsonArrayAt(const JsonValue& object, std::string_view name) {
  static const JsonValue kNone(rapidjson::kArrayType);
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->IsArray() ? *value : kNone;
}

std::string_view JsonStringAt(const JsonValue& object, std::string_view name) {
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->IsString() ? JsonView(*value) : std::string_view();
}

uint64_t JsonUintAt(const JsonValue& object, std::string_view name, uint64_t max) {
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->IsUint64() && value->GetUint64() <= max ? value->GetUint64()
                                                                            : 0;
}

bool JsonBoolAt(const JsonValue& object, std::string_view name) {
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->IsBool() && value->GetBool();
}

}  // namespace limpet
