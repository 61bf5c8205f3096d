// How much memory counts against the limit just now.
//
// Who calls it: MemoryBudget; the loop's thread. A call reads /proc/self/statm: some microseconds.
// Counted are the pages of this process that are no file's, and what else is in the cgroup whose
// limit it is: the kernel's part (socket buffers, stacks) and other processes. That other part is
// read at most once a second, as the kernel has to add it up over all processors.
#ifndef LIMPET_AGENT_PLATFORM_PROCESS_MEMORY_H_
#define LIMPET_AGENT_PLATFORM_PROCESS_MEMORY_H_

#include <cstdint>
#include <optional>

#include "agent/platform/cgroup_memory.h"
#include "agent/platform/clock.h"

namespace limpet {

class ProcessMemory {
 public:
  // Without a cgroup this process counts alone.
  ProcessMemory(const Clock& clock, std::optional<CgroupMemory> cgroup, SystemRoots roots = {});

  // 0 where it cannot be read.
  uint64_t UsedBytes();

 private:
  uint64_t OwnBytes() const;

  const Clock& clock_;
  const std::optional<CgroupMemory> cgroup_;
  const SystemRoots roots_;
  const uint64_t page_bytes_;
  uint64_t others_bytes_ = 0;
  std::optional<SteadyTime> others_read_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_PROCESS_MEMORY_H_
