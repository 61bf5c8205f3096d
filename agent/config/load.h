// YAML text to a checked Config, or every error in it.
//
// Who calls it: main, at start, on reload and for `limpet check-config`.
// Limits: 4 MiB of text, depth 64. Unknown and duplicate keys, wrong types, bad durations, sizes,
// URLs and expressions are errors, each with its place and what was expected there. No value of a
// secret is ever quoted.
//
//   auto loaded = LoadConfig(text, "limpet.yml", {});
//   for (const ConfigError& error : loaded.errors) Print(error.ToString());  // limpet.yml:3:5:
//   unknown key ...
#ifndef LIMPET_AGENT_CONFIG_LOAD_H_
#define LIMPET_AGENT_CONFIG_LOAD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"

namespace limpet {

struct ConfigError {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1
  std::string message;
  std::string ToString() const;  // file:line:column: message
};

struct LoadOptions {
  bool expand_env = false;  // ${VAR} in values; a variable that is not set is an error; $$ is a $
};

struct LoadedConfig {
  std::optional<Config> config;  // only where there is no error
  std::vector<ConfigError> errors;
  // What else was read, also where there are errors; see config_files.h.
  std::vector<std::string> scrape_config_files;
  uint64_t scrape_config_files_version = 0;
};

// The text alone: scrape_config_files are not read.
LoadedConfig LoadConfig(std::string_view text, const std::string& file, const LoadOptions& options);
// Relative file names in it (token files, certificates) are taken from the file's own directory.
// The files of scrape_config_files are read too; each is a mapping with scrape_configs, its errors
// have its own name and places, and relative names in it are taken from its own directory.
LoadedConfig LoadConfigFile(const std::string& path, const LoadOptions& options);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_LOAD_H_
