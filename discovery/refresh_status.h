// What a discovery that reads lists of targets tells about itself: for health, metrics and pages.
//
// Who calls it: FileDiscovery and HttpDiscovery fill it in, Discovery::Refreshes copies it; the
// loop's thread.
#ifndef LIMPET_DISCOVERY_REFRESH_STATUS_H_
#define LIMPET_DISCOVERY_REFRESH_STATUS_H_

#include <cstdint>
#include <string>

namespace limpet {

enum class RefreshKind { kFile, kHttp };

struct RefreshStatus {
  RefreshKind kind = RefreshKind::kFile;
  std::string origin;         // the files as configured, or the URL without its query
  bool listed = false;        // a list has been read since the start; of files: always
  std::string last_error;     // a line each, files with place; empty while all is well
  uint64_t files = 0;         // of files: those that were found
  uint64_t files_broken = 0;  // of those: could not be read; what they said before still holds
  uint64_t targets = 0;
  uint64_t reads_total = 0;  // of a file, or requests
  uint64_t failures_total = 0;
  int64_t last_success_ms = 0;  // wall time; 0: never
  int64_t last_latency_ms = 0;  // of the last request that was answered
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_REFRESH_STATUS_H_
