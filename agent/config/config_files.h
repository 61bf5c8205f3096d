// The files that a configuration takes in besides its own: scrape_config_files.
//
// Who calls it: LoadConfigFile reads them, main's watch finds out whether they have changed; on the
// loop's thread. Patterns are as in path_pattern.h; one that matches nothing is no error, as in
// Prometheus. Limits: 4 MiB a file, 64 MiB together.
#ifndef LIMPET_AGENT_CONFIG_CONFIG_FILES_H_
#define LIMPET_AGENT_CONFIG_CONFIG_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/platform/result.h"

namespace limpet {

struct ConfigFile {
  std::string path;  // of a pattern that cannot be looked up, the pattern
  Result<std::string> text;
};

// Pattern by pattern, each file once.
std::vector<ConfigFile> ReadConfigFiles(const std::vector<std::string>& patterns);

// Another number once there are other files or other texts in them.
uint64_t VersionOf(const std::vector<ConfigFile>& files);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_CONFIG_FILES_H_
