// The memory limit that the kernel holds this process to, and what is used of it: cgroups.
//
// Who calls it: main at the start, ProcessMemory later; any thread, it only reads files.
// Operation: /proc/self/cgroup says where the process is. In version 2 every directory from there
// up to the root may have a memory.max, in version 1 a memory.limit_in_bytes; the lowest counts,
// for all that is in that directory and below. In a container its own cgroup is often mounted as
// the root while the path is that of the host: directories that are not there are passed over.
// No limit: "max", a number that the machine does not have, or nothing that can be read. Used:
// what the kernel cannot take back; pages of files are not counted, as it drops them before it
// kills. Source: the kernel's cgroup-v2.rst and cgroup-v1/memory.rst.
#ifndef LIMPET_AGENT_PLATFORM_CGROUP_MEMORY_H_
#define LIMPET_AGENT_PLATFORM_CGROUP_MEMORY_H_

#include <cstdint>
#include <optional>
#include <string>

namespace limpet {

// Where the kernel's files are; tests have theirs elsewhere.
struct SystemRoots {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";
};

struct CgroupMemory {
  int version = 2;
  std::string directory;  // whose limit it is
  uint64_t limit_bytes = 0;
  std::string LimitFile() const;
};

// Nothing where there is no limit.
std::optional<CgroupMemory> FindCgroupMemory(const SystemRoots& roots = {});

// Bytes used by all that the limit counts, this process included; nothing where it cannot be read.
std::optional<uint64_t> CgroupUsedBytes(const CgroupMemory& cgroup);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_CGROUP_MEMORY_H_
