// One Metric of a page in protobuf, taken apart.
//
// Who calls it: the reader of such pages, on the loop's thread. What it gives points into the page;
// buffers are used again from one metric to the next, so that a steady page allocates nothing.
// Source: metrics.proto of prometheus/client_model and what Prometheus takes of it: of two values
// of a field the last one counts, a list may be packed or not, a field of another wire type than
// its own is an error, unknown fields are skipped. A count as a float other than 0 goes before the
// whole number.
// Limits: a million buckets or quantiles, 1000 exemplars of a native histogram (more are left out).
#ifndef LIMPET_AGENT_SCRAPE_PROTOBUF_METRIC_H_
#define LIMPET_AGENT_SCRAPE_PROTOBUF_METRIC_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/scrape/classic_histogram.h"
#include "agent/scrape/native_histogram.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

enum class ProtobufType : int32_t {
  kCounter = 0,
  kGauge = 1,
  kSummary = 2,
  kUntyped = 3,
  kHistogram = 4,
  kGaugeHistogram = 5,
};

// A bucket of a classic histogram or a quantile of a summary.
struct ProtobufBucket {
  double bound = 0;
  double value = 0;
  uint32_t exemplar = kNone;  // of ProtobufMetric::exemplars
  static constexpr uint32_t kNone = UINT32_MAX;
};

struct ProtobufMetric {
  uint64_t labels_hash = 0;  // of the labels' bytes, in order; 0 where there are none
  int64_t timestamp_ms = 0;  // 0: none
  // Of counters, gauges and untyped ones.
  double value = 0;
  uint32_t exemplar = ProtobufBucket::kNone;
  // Of histograms and summaries.
  double count = 0;
  double sum = 0;
  std::vector<ProtobufBucket> buckets;  // a histogram's end with the one for all
  bool has_buckets = false;             // whether the page has any
  std::vector<RawExemplar> exemplars;   // as their messages have them, see ExemplarLabels
  // Of histograms; `native_exemplars` have timestamps, all of them.
  NativeHistogram native;
  ClassicHistogram classic;  // being converted
  std::vector<RawExemplar> native_exemplars;
};

// Null, or what is wrong with the message.
const char* ReadProtobufMetric(std::string_view message, ProtobufType type, ProtobufMetric& metric);

// Of a histogram that is not native: makes it so, with its buckets as they are. Null, or why not.
const char* MakeNative(ProtobufMetric& metric);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PROTOBUF_METRIC_H_
