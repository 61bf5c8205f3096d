// File names with * ? and [...] in their last segment: "/etc/limpet/jobs/*.yml".
//
// Who calls it: config/ and discovery/, for lists of files; on the loop's thread.
// Source: Go's filepath.Glob, as Prometheus uses it: a name that begins with a dot is matched by *
// like any other; a directory that is not there holds nothing, which is no error. Unlike there,
// only the last segment is a pattern.
// Limits: 10 000 files.
#ifndef LIMPET_AGENT_PLATFORM_PATH_PATTERN_H_
#define LIMPET_AGENT_PLATFORM_PATH_PATTERN_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"

namespace limpet {

// It names something, without control characters, and has no * before its last segment.
bool IsPathPattern(std::string_view pattern);

// The paths of the regular files (or links to such) that are there, sorted.
Result<std::vector<std::string>> MatchingFiles(const std::string& pattern);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_PATH_PATTERN_H_
