// One JSON object from the API server or whoever asks the API, read without trust in what it holds.
//
// Who calls it: discovery/, web/; on the loop's thread.
// A member that is missing or of another type than asked for reads as empty: the API server checks
// what it stores, and what a stranger sends must not stop anything. Views are good as long as the
// document's text is.
// Limits: parsing is iterative (no recursion on nested input); text that is not UTF-8 is refused.
#ifndef LIMPET_DISCOVERY_JSON_OBJECT_H_
#define LIMPET_DISCOVERY_JSON_OBJECT_H_

#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

using JsonValue = rapidjson::Value;

// Parses in place: `text` is overwritten and must outlive `document`.
Result<void> ParseJsonObject(std::string& text, rapidjson::Document& document);

// An empty object or array where there is none of that type.
const JsonValue& JsonObjectAt(const JsonValue& object, std::string_view name);
const JsonValue& JsonArrayAt(const JsonValue& object, std::string_view name);
std::string_view JsonStringAt(const JsonValue& object, std::string_view name);
// 0 where it is not a number from 0 to `max`.
uint64_t JsonUintAt(const JsonValue& object, std::string_view name, uint64_t max);
bool JsonBoolAt(const JsonValue& object, std::string_view name);

inline std::string_view JsonView(const JsonValue& string) {
  return {string.GetString(), string.GetStringLength()};
}

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_JSON_OBJECT_H_
