#include "agent/platform/free_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace limpet {
namespace {

// Only what is never written to: anything else is not in the file.
int ReturnSegments(dl_phdr_info* object, size_t /*size*/, void* /*data*/) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    const uintptr_t begin = (start + page - 1) / page * page;
    const uintptr_t end = (start + segment.p_memsz) / page * page;
    if (begin < end) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void ReturnFreeMemory() { malloc_trim(0); }

void ReturnMappedCode() { dl_iterate_phdr(ReturnSegments, nullptr); }

// The allocator's own threshold rises with what is freed, up to 32 MiB.
void KeepLargeBlocksApart() { mallopt(M_MMAP_THRESHOLD, 256 * 1024); }

}  // namespace limpet
