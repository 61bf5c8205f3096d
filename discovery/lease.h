// A Lease of coordination.k8s.io/v1, as read from the API server and as written to it.
//
// Who calls it: LeaseCandidate and LeaderElection, on the loop's thread.
// What another client has put into the metadata (labels, annotations, owners) is written back as it
// was; managedFields are the server's own and are left out.
// Limits: 256 KiB of text; metadata nested no deeper than Kubernetes' own. A duration that is none
// and transitions beyond 31 bits read as 0.
#ifndef LIMPET_DISCOVERY_LEASE_H_
#define LIMPET_DISCOVERY_LEASE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/platform/clock.h"
#include "agent/platform/result.h"

namespace limpet {

struct Lease {
  static constexpr size_t kBytesMax = 256 * 1024;

  std::string holder;  // empty: nobody
  Millis duration{0};  // whole seconds
  std::string acquire_time;
  std::string renew_time;
  uint64_t transitions = 0;
  std::string metadata;  // as JSON, with the resourceVersion; empty: not from the server

  // Whether another has written nothing, whatever else may have changed.
  bool SameRecord(const Lease& other) const;
};

// Parses in place: `text` is overwritten.
Result<Lease> ReadLease(std::string& text);

// The object as JSON: to be created where it has no metadata, else to be updated.
std::string LeaseText(const Lease& lease, const std::string& name_space, const std::string& name);

// As Kubernetes writes it: 2026-01-01T00:00:00.000000Z.
std::string MicroTimeText(int64_t wall_ms);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_LEASE_H_
