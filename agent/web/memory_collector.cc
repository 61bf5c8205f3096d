#include "agent/web/collectors.h"

namespace limpet {

void CollectMemory(const WebSources& sources, MetricFamilies& families) {
  const MemoryStatus memory = sources.memory();
  if (memory.limit.bytes != 0) {
    families.Gauge("limpet_memory_limit_bytes", "Memory that limpet keeps within.",
                   memory.limit.bytes);
  }
  families.Gauge("limpet_memory_used_bytes", "Memory that counts against the limit.",
                 memory.used_bytes);
  families.Gauge("limpet_memory_shedding_level",
                 "0: normal, 1: caches are given back, 2: no new targets and no larger pages, 3: "
                 "no scrapes.",
                 static_cast<int>(memory.level));
  families.Counter("limpet_memory_trims_total",
                   "Times that caches and freed memory were given back.", memory.trims_total);
}

}  // namespace limpet
