// A finished request body and what a sender must know of it.
//
// Who calls it: the senders; one thread at a time.
// A body is a snappy block of a Remote-Write message. It is sent again as it is; only refusals (of
// its size, its samples or its protocol) and samples that have grown too old take it apart, which
// works on the bytes, so that nothing else need be kept.
#ifndef LIMPET_QUEUE_WIRE_BATCH_H_
#define LIMPET_QUEUE_WIRE_BATCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/wire.h"
#include "queue/wire_attachments.h"

namespace limpet {

enum class WireProtocol : uint8_t {
  kV1,  // prometheus.WriteRequest
  kV2,  // io.prometheus.write.v2.Request
};

struct WireCounts {
  uint64_t samples = 0;     // histograms among them
  uint64_t histograms = 0;  // native ones
  uint64_t exemplars = 0;
};

struct Batch {
  std::string body;  // compressed
  WireProtocol protocol = WireProtocol::kV1;
  uint64_t series = 0;   // time series in the message
  uint64_t samples = 0;  // of all of them, native histograms among them
  int64_t oldest_ms = 0;
  int64_t newest_ms = 0;
  bool may_be_resent = false;  // has samples that the receiver may have already, see ScrapeView
  uint64_t histograms = 0;
  uint64_t exemplars = 0;

  WireCounts counts() const { return {samples, histograms, exemplars}; }
};

// A message, in one piece or two, as a snappy block; `memory` is lent for it and holds nothing
// afterwards.
std::string CompressBlock(std::string_view first, std::string_view second, WireBuffer& memory);

// The first half of the time series and the second one, in order; a lone series with several
// samples is halved by these. A lone sample comes back alone, and nothing where the body is none of
// ours. `at_scrapes`: where neighbours have other times, which is where a scrape ends, the place of
// that kind nearest to the middle.
std::vector<Batch> HalvesOf(const Batch& batch, bool at_scrapes = false);

// Without the samples before `oldest_ms`, and without series that have no others; no samples where
// none are left. Exemplars go with their samples.
Batch WithoutOlderThan(const Batch& batch, int64_t oldest_ms);

Batch WithoutExemplars(const Batch& batch);

// The same samples in that protocol, but for what its messages may not have; a batch that is in it
// already comes back as it is. From 2.0 to 1.0 the metadata goes. Nothing where the body is none of
// ours.
std::optional<Batch> ToProtocol(const Batch& batch, WireProtocol protocol,
                                const WireContents& contents = {});

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_BATCH_H_
