// What --memory.limit says, and what it stands for on this machine.
//
// Who calls it: RunAgent, before the loop runs.
//   auto (or 0)   the lowest memory limit of the cgroups that limpet runs in; none where none has
//                 one
//   none          no limit
//   512MiB        this much for limpet itself; at least 16MiB, as less is used without any target
#ifndef LIMPET_AGENT_CONFIG_MEMORY_LIMIT_H_
#define LIMPET_AGENT_CONFIG_MEMORY_LIMIT_H_

#include <optional>
#include <string>

#include "agent/platform/cgroup_memory.h"
#include "agent/platform/memory_budget.h"
#include "agent/platform/result.h"

namespace limpet {

struct MemoryBounds {
  MemoryLimit limit;
  std::optional<CgroupMemory> cgroup;  // where the limit is that of one
};

Result<MemoryBounds> ReadMemoryBounds(const std::string& option, const SystemRoots& roots = {});

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_MEMORY_LIMIT_H_
