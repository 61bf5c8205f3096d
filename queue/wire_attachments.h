// What samples have beside their values, on its way from a run of scrapes into a message: native
// histograms and exemplars.
//
// Who calls it: ScrapeRun keeps them, RequestBuilder writes them; one thread at a time.
// A histogram's message has the same fields in 1.0 and 2.0 and is copied; its timestamp goes in
// front of it. Exemplars travel with the time series of the sample that they belong to.
// Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/ and, for 1.0,
// prometheus/prompb/types.proto.
#ifndef LIMPET_QUEUE_WIRE_ATTACHMENTS_H_
#define LIMPET_QUEUE_WIRE_ATTACHMENTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/scrape_view.h"
#include "queue/wire.h"

namespace limpet {

class MessageV2;

// Fields of the two protocols' TimeSeries; they have each other's numbers.
inline constexpr char kWireExemplars = 0x1A;     // 1.0
inline constexpr char kWireHistograms = 0x22;    // 1.0
inline constexpr char kWireHistogramsV2 = 0x1A;  // 2.0
inline constexpr char kWireExemplarsV2 = 0x22;   // 2.0
// Fields of a Histogram and an Exemplar, the same in both.
inline constexpr char kWireHistogramTimestamp = 0x78;
inline constexpr char kWireExemplarLabels = 0x0A;
inline constexpr char kWireExemplarValue = 0x11;
inline constexpr char kWireExemplarTimestamp = 0x18;

// What of it a message may have.
struct WireContents {
  bool histograms = true;
  bool custom_buckets = true;  // histograms of schema -53
  bool exemplars = true;
};

// A sample and what belongs to it.
struct AttachedSample {
  WireSample sample{};
  bool is_histogram = false;
  std::string_view histogram;  // its message
  std::span<const ExemplarSample> exemplars;
};

// Whether a Histogram has custom buckets, which 1.0 has no receivers for. False where the message
// cannot be read.
bool HasCustomBuckets(std::string_view histogram);

// Those of a run's scrapes, copied.
class RunAttachments {
 public:
  // Of all rows; the first that has any is always taken.
  static constexpr size_t kBytesMax = 2u << 20;

  bool HasRoomFor(const ScrapeView& scrape) const;
  // Rows come in order; those without any may be left out.
  void Add(size_t row, const ScrapeView& scrape);
  // Whether the series has any in any row.
  bool Has(size_t series) const { return series < has_.size() && has_[series]; }
  // Those of the sample at a place of a row.
  void Attach(size_t row, size_t place, AttachedSample& sample) const;
  void Clear();

 private:
  struct Row {
    size_t row;
    std::unique_ptr<char[]> bytes;  // of the messages and labels
    std::vector<HistogramSample> histograms;
    std::vector<ExemplarSample> exemplars;
  };
  std::vector<Row> rows_;  // that have any
  std::vector<bool> has_;  // by series; empty where no row has any
  size_t bytes_ = 0;
};

// Consecutive samples of one series, all of them histograms or none, as the fields behind the
// labels of a TimeSeries. The samples must outlive it.
class AttachedContent {
 public:
  AttachedContent(std::span<const AttachedSample> samples, bool with_exemplars);

  // Upper bounds, new symbols of a 2.0 message included.
  static size_t BytesMaxOf(const AttachedSample& sample, bool with_exemplars);
  size_t BytesMax() const { return bytes_max_; }
  // How many there are; `message` is null for 1.0. Symbols are numbered here.
  size_t Prepare(MessageV2* message);
  char* Write(char* out) const;

  // After Prepare; an exemplar that several samples repeat is there once.
  size_t exemplars() const { return exemplars_.size(); }

 private:
  void AppendExemplar(const ExemplarSample& exemplar, MessageV2* message);

  std::span<const AttachedSample> samples_;
  std::vector<const ExemplarSample*> exemplars_;
  size_t bytes_max_ = 0;
  std::string encoded_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_ATTACHMENTS_H_
