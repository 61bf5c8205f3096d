// Strings in parsed JSON, for tests.
#ifndef LIMPET_TESTS_WEB_JSON_TEXT_H_
#define LIMPET_TESTS_WEB_JSON_TEXT_H_

#include <rapidjson/document.h>

#include <string>

namespace limpet {

inline std::string TextOf(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

}  // namespace limpet

#endif  // LIMPET_TESTS_WEB_JSON_TEXT_H_
