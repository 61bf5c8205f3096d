#include "agent/config/memory_limit.h"

#include <algorithm>
#include <utility>

#include "agent/config/units.h"

namespace limpet {
namespace {

constexpr uint64_t kLimitBytesMin = 16u << 20;
// About what reading a segment of the log back takes; no more than a part of a small limit.
constexpr uint64_t kReserveBytes = 16u << 20;
constexpr uint64_t kReservePart = 8;

MemoryLimit LimitOf(uint64_t bytes, std::string origin) {
  return {bytes, std::move(origin), std::min(bytes / kReservePart, kReserveBytes)};
}

}  // namespace

Result<MemoryBounds> ReadMemoryBounds(const std::string& option, const SystemRoots& roots) {
  MemoryBounds bounds;
  if (option == "none") return bounds;
  if (option == "auto" || option == "0") {
    bounds.cgroup = FindCgroupMemory(roots);
    if (bounds.cgroup)
      bounds.limit = LimitOf(bounds.cgroup->limit_bytes, bounds.cgroup->LimitFile());
    return bounds;
  }
  const auto bytes = ParseByteSize(option);
  if (!bytes) return Error{bytes.error().message + " (or auto, or none)"};
  if (*bytes < kLimitBytesMin) return Error{"at least 16MiB"};
  bounds.limit = LimitOf(*bytes, "--memory.limit");
  return bounds;
}

}  // namespace limpet
