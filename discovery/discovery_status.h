// What discovery tells about itself, one entry a watch: for health, metrics and pages.
//
// Who calls it: KubernetesWatch and KubernetesStore fill it in, Discovery::Status copies it; the
// loop's thread.
#ifndef LIMPET_DISCOVERY_DISCOVERY_STATUS_H_
#define LIMPET_DISCOVERY_DISCOVERY_STATUS_H_

#include <cstdint>
#include <string>

namespace limpet {

// One watch (a kind of object in one namespace or in all).
struct DiscoveryStatus {
  std::string role;            // "pod", "node", "service", "endpoints", "namespace", ...: the kind
  std::string name_space;      // empty: all
  std::string label_selector;  // empty: none
  std::string field_selector;
  std::string api_server;
  bool listed = false;     // a LIST has succeeded since the start
  bool connected = false;  // a watch is open
  std::string last_error;  // empty while connected
  uint64_t objects = 0;
  uint64_t lists_total = 0;
  uint64_t watches_total = 0;
  uint64_t failures_total = 0;
  uint64_t events_added_total = 0;
  uint64_t events_modified_total = 0;
  uint64_t events_deleted_total = 0;
  int64_t last_list_latency_ms = 0;  // of the last LIST, its answer complete
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_DISCOVERY_STATUS_H_
