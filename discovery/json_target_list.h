// A list of targets as JSON: the content of a file of file_sd_configs, an answer to
// http_sd_configs.
//
// Who calls it: FileDiscovery and HttpDiscovery, on the loop's thread; a pure function.
// Source: what Go's encoding/json makes of Prometheus' targetgroup.Group: names of members in any
// case, the last of equal ones wins, null is nothing, unknown members and numbers for text are
// errors; a null group too. Text that is not UTF-8 is refused.
// Operation: read token by token, without a tree and without recursion; what is nested deeper than
// a list of groups can be ends the reading. The error is the first one, with the place where its
// token begins.
//
//   [{"targets": ["10.0.0.1:9100"], "labels": {"rack": "a"}}]
#ifndef LIMPET_DISCOVERY_JSON_TARGET_LIST_H_
#define LIMPET_DISCOVERY_JSON_TARGET_LIST_H_

#include <string>
#include <string_view>

#include "agent/config/target_list.h"

namespace limpet {

TargetList ReadJsonTargetList(std::string_view text, const std::string& file);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_JSON_TARGET_LIST_H_
