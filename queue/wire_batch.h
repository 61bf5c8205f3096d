// A finished request body and what a sender must know of it.
//
// Who calls it: the senders; one thread at a time.
// A body is a snappy block of a WriteRequest. It is sent again as it is; only an answer 413 and
// samples that have grown too old take it apart, which works on the bytes, so that nothing else
// need be kept.
#ifndef LIMPET_QUEUE_WIRE_BATCH_H_
#define LIMPET_QUEUE_WIRE_BATCH_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "queue/wire.h"

namespace limpet {

struct Batch {
  std::string body;  // compressed
  uint64_t samples = 0;
  int64_t oldest_ms = 0;
  int64_t newest_ms = 0;
};

// A message as a snappy block; `memory` is lent for it and holds nothing afterwards.
std::string CompressBlock(std::string_view message, WireBuffer& memory);

// The first half of the time series and the second one, in order; a lone one comes back alone, and
// nothing where the body is none of ours.
std::vector<Batch> HalvesOf(const Batch& batch);

// Without the samples before `oldest_ms`; no samples where none are left.
Batch WithoutOlderThan(const Batch& batch, int64_t oldest_ms);

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_BATCH_H_
