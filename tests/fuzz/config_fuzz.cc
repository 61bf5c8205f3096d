// libFuzzer: any bytes as a configuration file give a configuration or errors.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // The first byte chooses, so that both ways are walked.
  limpet::LoadOptions options;
  options.expand_env = (data[0] & 1) != 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const limpet::LoadedConfig loaded = limpet::LoadConfig(text, "f", options);
  if (loaded.config.has_value() != loaded.errors.empty()) std::abort();
  for (const limpet::ConfigError& error : loaded.errors) {
    if (error.line < 1 || error.column < 1 || error.ToString().empty()) std::abort();
  }
  if (loaded.config && !(*limpet::LoadConfig(text, "f", options).config == *loaded.config)) {
    std::abort();
  }
  return 0;
}
