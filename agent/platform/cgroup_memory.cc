#include "agent/platform/cgroup_memory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <string_view>

#include "agent/platform/file_system.h"

namespace limpet {
namespace {

constexpr size_t kKernelFileBytesMax = 256 * 1024;
constexpr size_t kDirectoriesMax = 256;  // of a path, on the way up

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  const bool whole = std::string_view(end, static_cast<size_t>(text.data() + text.size() - end))
                         .find_first_not_of(" \n") == std::string_view::npos;
  return whole ? std::optional(value) : std::nullopt;
}

std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool HasController(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == wanted) return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

// Of a line HIERARCHY:CONTROLLERS:PATH of /proc/self/cgroup that matters here.
struct Place {
  int version;
  std::string path;  // without a slash at its end; empty: the root
};

std::optional<Place> PlaceOf(std::string_view line) {
  const size_t first = line.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  std::string_view path = line.substr(second + 1);
  // Outside of what is mounted here: only the root of that can be looked at.
  if (path.find("/..") != std::string_view::npos || !path.starts_with('/')) path = {};
  while (path.ends_with('/')) path.remove_suffix(1);
  if (line.starts_with("0::")) return Place{2, std::string(path)};
  if (HasController(controllers, "memory")) return Place{1, std::string(path)};
  return std::nullopt;
}

std::optional<CgroupMemory> LowestOnPath(const std::string& mount, const Place& place) {
  std::optional<CgroupMemory> lowest;
  std::string path = place.path;
  for (size_t i = 0; i < kDirectoriesMax; ++i) {
    CgroupMemory here{place.version, mount + path, 0};
    if (const auto text = ReadWholeFile(here.LimitFile(), kKernelFileBytesMax)) {
      const auto bytes = Number(*text);
      here.limit_bytes = bytes.value_or(0);
      if (bytes && (!lowest || *bytes < lowest->limit_bytes)) lowest = here;
    }
    if (path.empty()) break;
    path.resize(path.rfind('/'));
  }
  return lowest;
}

uint64_t MachineBytes(const SystemRoots& roots) {
  constexpr std::string_view kKey = "MemTotal:";
  const auto meminfo = ReadWholeFile(roots.proc + "/meminfo", kKernelFileBytesMax);
  if (!meminfo) return std::numeric_limits<int64_t>::max();
  std::string_view text = *meminfo;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (const auto kib = Number(line.substr(0, line.find(' ')))) return *kib * 1024;
  }
  return std::numeric_limits<int64_t>::max();
}

}  // namespace

std::string CgroupMemory::LimitFile() const {
  return directory + (version == 2 ? "/memory.max" : "/memory.limit_in_bytes");
}

std::optional<CgroupMemory> FindCgroupMemory(const SystemRoots& roots) {
  const auto text = ReadWholeFile(roots.proc + "/self/cgroup", kKernelFileBytesMax);
  if (!text) return std::nullopt;
  std::optional<CgroupMemory> lowest;
  std::string_view lines = *text;
  while (!lines.empty()) {
    const auto place = PlaceOf(TakeLine(lines));
    if (!place) continue;
    // Where both versions are in use, memory is with one of them alone.
    const auto found = LowestOnPath(roots.cgroup + (place->version == 1 ? "/memory" : ""), *place);
    if (found && (!lowest || found->limit_bytes < lowest->limit_bytes)) lowest = found;
  }
  if (lowest && lowest->limit_bytes >= MachineBytes(roots)) return std::nullopt;
  return lowest;
}

std::optional<uint64_t> CgroupUsedBytes(const CgroupMemory& cgroup) {
  static constexpr std::array<std::string_view, 6> kVersion2 = {
      "anon", "shmem", "sock", "kernel_stack", "pagetables", "slab_unreclaimable"};
  static constexpr std::array<std::string_view, 2> kVersion1 = {"total_rss", "total_shmem"};
  const auto stat = ReadWholeFile(cgroup.directory + "/memory.stat", kKernelFileBytesMax);
  if (!stat) return std::nullopt;
  const std::span<const std::string_view> keys = cgroup.version == 2
                                                     ? std::span<const std::string_view>(kVersion2)
                                                     : std::span<const std::string_view>(kVersion1);
  uint64_t used = 0;
  bool any = false;
  std::string_view text = *stat;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    if (std::find(keys.begin(), keys.end(), line.substr(0, space)) == keys.end()) continue;
    if (const auto bytes = Number(line.substr(space + 1))) {
      used += *bytes;
      any = true;
    }
  }
  return any ? std::optional(used) : std::nullopt;
}

}  // namespace limpet
