// What a job's configuration says of the histograms on its pages.
//
// Who calls it: scrape jobs make it, reading pages goes by it; any thread.
#ifndef LIMPET_AGENT_SCRAPE_HISTOGRAM_SETTINGS_H_
#define LIMPET_AGENT_SCRAPE_HISTOGRAM_SETTINGS_H_

#include <cstdint>

namespace limpet {

inline constexpr int32_t kExponentialSchemaMin = -4;
inline constexpr int32_t kExponentialSchemaMax = 8;

inline constexpr int32_t kCustomBucketsSchema = -53;

// What relabelling may change for a target.
struct HistogramFlags {
  bool native = false;          // scrape_native_histograms
  bool always_classic = false;  // always_scrape_classic_histograms
  bool convert = false;         // convert_classic_histograms_to_nhcb
  friend bool operator==(const HistogramFlags&, const HistogramFlags&) = default;
};

struct HistogramSettings {
  // As in HistogramFlags:
  bool native = false;
  bool always_classic = false;
  bool convert = false;
  uint64_t bucket_limit = 0;  // native_histogram_bucket_limit; 0: none
  // Of native_histogram_min_bucket_factor: a finer histogram is made as coarse as this.
  int32_t schema_max = kExponentialSchemaMax;
  friend bool operator==(const HistogramSettings&, const HistogramSettings&) = default;
};

// The finest schema whose buckets grow by at least this factor; the finest of all for 1 and less.
int32_t SchemaOfBucketFactor(double factor);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_HISTOGRAM_SETTINGS_H_
