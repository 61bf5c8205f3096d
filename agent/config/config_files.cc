#include "agent/config/config_files.h"

#include <xxhash.h>

#include <algorithm>
#include <set>
#include <utility>

#include "agent/platform/file_system.h"
#include "agent/platform/path_pattern.h"

namespace limpet {

namespace {

constexpr size_t kFileBytesMax = 4 << 20;
constexpr size_t kAllBytesMax = 64 << 20;

uint64_t Mixed(uint64_t hash, std::string_view text) {
  return XXH3_64bits_withSeed(text.data(), text.size(), hash);
}

}  // namespace

std::vector<ConfigFile> ReadConfigFiles(const std::vector<std::string>& patterns) {
  std::vector<ConfigFile> files;
  std::set<std::string> seen;
  size_t bytes = 0;
  for (const std::string& pattern : patterns) {
    const auto paths = MatchingFiles(pattern);
    if (!paths) {
      files.push_back({pattern, paths.error()});
      continue;
    }
    for (const std::string& path : *paths) {
      if (!seen.insert(path).second) continue;
      auto text = ReadWholeFile(path, std::min(kFileBytesMax, kAllBytesMax - bytes));
      if (text) bytes += text->size();
      files.push_back({path, std::move(text)});
    }
  }
  return files;
}

uint64_t VersionOf(const std::vector<ConfigFile>& files) {
  uint64_t hash = 0;
  for (const ConfigFile& file : files) {
    hash = Mixed(hash, file.path);
    hash = file.text ? Mixed(hash, *file.text) : Mixed(~hash, file.text.error().message);
  }
  return hash;
}

}  // namespace limpet
