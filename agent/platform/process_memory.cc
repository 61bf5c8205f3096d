#include "agent/platform/process_memory.h"

#include <unistd.h>

#include <charconv>
#include <string>
#include <utility>

#include "agent/platform/file_system.h"

namespace limpet {
namespace {

constexpr size_t kStatmBytesMax = 4096;
constexpr Millis kOthersPeriod{1000};

}  // namespace

ProcessMemory::ProcessMemory(const Clock& clock, std::optional<CgroupMemory> cgroup,
                             SystemRoots roots)
    : clock_(clock),
      cgroup_(std::move(cgroup)),
      roots_(std::move(roots)),
      page_bytes_(static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))) {}

// The second number less the third: the resident pages, and those of them that are a file's.
uint64_t ProcessMemory::OwnBytes() const {
  const auto statm = ReadWholeFile(roots_.proc + "/self/statm", kStatmBytesMax);
  if (!statm) return 0;
  uint64_t pages[3] = {};
  const char* at = statm->data();
  const char* const end = at + statm->size();
  for (uint64_t& number : pages) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return 0;
    at = next;
  }
  return pages[1] > pages[2] ? (pages[1] - pages[2]) * page_bytes_ : 0;
}

uint64_t ProcessMemory::UsedBytes() {
  const uint64_t own = OwnBytes();
  if (!cgroup_) return own;
  const SteadyTime now = clock_.Now();
  if (!others_read_ || now - *others_read_ >= kOthersPeriod) {
    others_read_ = now;
    const uint64_t all = CgroupUsedBytes(*cgroup_).value_or(0);
    others_bytes_ = all > own ? all - own : 0;
  }
  return own + others_bytes_;
}

}  // namespace limpet
