// What LoadConfig says of a text, for tests.
#ifndef LIMPET_TESTS_CONFIG_CONFIG_ERRORS_H_
#define LIMPET_TESTS_CONFIG_CONFIG_ERRORS_H_

#include <string>
#include <vector>

#include "agent/config/load.h"

namespace limpet {

// A line an error, without the file's name: "3:5: message\n".
inline std::string ErrorsOf(std::string_view text, const LoadOptions& options = {}) {
  std::string lines;
  for (const ConfigError& error : LoadConfig(text, "f", options).errors) {
    lines += error.ToString().substr(2) + "\n";
  }
  return lines;
}

struct ErrorCase {
  const char* text;
  const char* errors;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_CONFIG_CONFIG_ERRORS_H_
