#include "agent/platform/free_memory.h"

#include <malloc.h>

namespace limpet {

void ReturnFreeMemory() { malloc_trim(0); }

// The allocator's own threshold rises with what is freed, up to 32 MiB.
void KeepLargeBlocksApart() { mallopt(M_MMAP_THRESHOLD, 256 * 1024); }

}  // namespace limpet
