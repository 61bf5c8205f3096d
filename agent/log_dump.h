// `limpet log dump DIR`: the samples of a log, or its records, line by line.
//
// Who calls it: the command line (agent/log_command.h).
// Formats of samples: text (time, series, value), JSON lines (timestamp_ms, labels, value as text,
// as Prometheus' API has it), and OpenMetrics as `promtool tsdb create-blocks-from openmetrics`
// takes it: without staleness markers and native histograms, which that format cannot say. In text
// and JSON an exemplar is a line of its own behind its sample's.
// Damage is told on standard error, and what is behind it is dumped.
#ifndef LIMPET_AGENT_LOG_DUMP_H_
#define LIMPET_AGENT_LOG_DUMP_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "agent/platform/result.h"
#include "agent/standard_output.h"
#include "queue/log_samples.h"

namespace limpet {

enum class DumpFormat { kText, kJson, kOpenMetrics };

struct DumpOptions {
  std::string directory;
  DumpFormat format = DumpFormat::kText;
  SampleSelection selection;  // of records, the segment alone
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  bool records = false;
};

// False where damage was met.
Result<bool> DumpLog(FileSystem& files, const DumpOptions& options,
                     const std::function<void()>& wait, StandardOutput& out);

}  // namespace limpet

#endif  // LIMPET_AGENT_LOG_DUMP_H_
