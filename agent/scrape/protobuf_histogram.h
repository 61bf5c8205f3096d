// The Histogram of a Metric, and what exemplars look like in protobuf.
//
// Who calls it: reading metrics (protobuf_metric.h, where the rules are); the loop's thread.
#ifndef LIMPET_AGENT_SCRAPE_PROTOBUF_HISTOGRAM_H_
#define LIMPET_AGENT_SCRAPE_PROTOBUF_HISTOGRAM_H_

#include <string_view>

#include "agent/scrape/protobuf_metric.h"
#include "agent/scrape/protobuf_wire.h"

namespace limpet {

inline constexpr const char* kMalformedMessage = "malformed protobuf message";
inline constexpr const char* kWrongWireType = "field with a wire type that is not its own";

// Of a field of the Histogram, which may come in pieces; FinishHistogram is called behind the last.
struct HistogramCounts {
  uint64_t count = 0;
  double count_float = 0;
};

// Null, or what is wrong.
const char* ReadProtobufHistogram(std::string_view message, HistogramCounts& counts,
                                  ProtobufMetric& metric);
void FinishProtobufHistogram(const HistogramCounts& counts, ProtobufMetric& metric);

// The exemplar's labels are the message as a whole.
const char* ReadProtobufExemplar(std::string_view message, RawExemplar& exemplar);

inline const char* TakeDouble(const WireFields& field, double& out) {
  if (!field.Is(WireType::kFixed64)) return kWrongWireType;
  out = field.fixed64();
  return nullptr;
}
template <typename Number>
const char* TakeVarint(const WireFields& field, Number& out) {
  if (!field.Is(WireType::kVarint)) return kWrongWireType;
  out = static_cast<Number>(field.varint());
  return nullptr;
}

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PROTOBUF_HISTOGRAM_H_
