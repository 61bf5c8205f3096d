// Lists of targets that others write: the content of file_sd_configs' files and of http_sd_configs'
// answers, as checked values. The YAML form is read here; the JSON form is discovery's.
//
// Who calls it: discovery/, on the loop's thread.
// Source: Prometheus' targetgroup.Group: a list of mappings with `targets` and `labels`, nothing
// else; label names are what UTF-8 allows, a target may be any text (one that is no address is left
// out when relabelling has not made one of it). Nothing at all is an empty list.
// Limits of YAML: those of the configuration, 4 MiB and 100 000 values.
//
//   - targets: ["10.0.0.1:9100", "10.0.0.2:9100"]
//     labels: {rack: a}
#ifndef LIMPET_AGENT_CONFIG_TARGET_LIST_H_
#define LIMPET_AGENT_CONFIG_TARGET_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/load.h"

namespace limpet {

struct TargetList {
  std::vector<StaticConfig> groups;  // of use only where there is no error
  std::vector<ConfigError> errors;   // in order of place
};

TargetList ReadYamlTargetList(std::string_view text, const std::string& file);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_TARGET_LIST_H_
