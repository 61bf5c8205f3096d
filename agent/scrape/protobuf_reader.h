// A page in Prometheus' protobuf format, sample by sample and in place.
//
// Who calls it: layouts and what builds them; the loop's thread. What it gives points into the page
// and holds until the next call.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and Prometheus' parser. A
// histogram is native where it has spans, a zero threshold or observations of zero; then it is one
// sample of its own and its classic series are left out, unless they are always wanted; so it is
// where others are to be converted, and one that cannot be fails the page. Families without metrics
// are passed over. Created timestamps are not read. It differs in two things: every NaN becomes
// kNormalNanBits, as in the text formats; and in a family where some histograms are native and
// others are not, each is what it is by itself. Limits: those of protobuf_wire.h and
// protobuf_metric.h.
//
//   ProtobufReader reader(page, settings, metric);
//   ProtobufSample sample;
//   while (const char* wrong = nullptr; reader.Next(sample, wrong)) Use(sample.tail.value);
#ifndef LIMPET_AGENT_SCRAPE_PROTOBUF_READER_H_
#define LIMPET_AGENT_SCRAPE_PROTOBUF_READER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/histogram_settings.h"
#include "agent/scrape/page_gap.h"
#include "agent/scrape/protobuf_metric.h"
#include "agent/scrape/sample_value.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

struct ProtobufFamily {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  ProtobufType type = ProtobufType::kCounter;
  uint64_t hash = 0;  // of all that it says but for its metrics
  uint64_t name_hash = 0;
};

struct ProtobufSample {
  enum class Part : uint32_t { kValue, kCount, kSum, kBucket, kQuantile, kNativeHistogram };
  bool begins_family = false;  // the first one of reader.family()
  Part part = Part::kValue;
  double bound = 0;  // of a bucket or a quantile
  // Equal for the same part of the same metric: it stands for the labels.
  uint64_t identity = 0;
  SampleTail tail;  // a native histogram's value is its sum
  std::span<const RawExemplar> exemplars;
};

class ProtobufReader {
 public:
  // What is in `metric` does not matter, but for its buffers.
  ProtobufReader(std::string_view page, const HistogramSettings& settings, ProtobufMetric& metric)
      : begin_(page.data()),
        p_(begin_),
        end_(begin_ + page.size()),
        settings_(settings),
        metric_(metric) {}

  // False at the end of the page and, with `wrong` set, where it cannot be read.
  bool Next(ProtobufSample& sample, const char*& wrong);

  // Of the sample that Next gave:
  const ProtobufFamily& family() const { return family_; }
  // Whether name and help are as they must be.
  Result<void> CheckFamily() const;
  void AppendMetadata(std::vector<MetadataLine>& lines) const;
  // With the metric's name and `le` or `quantile`, in order of name; see PageReader.
  Result<void> DecodeLabels(const ProtobufSample& sample, std::vector<Label>& labels) const;
  const NativeHistogram& histogram() const { return metric_.native; }

  // The same with the family and the place.
  Error Fail(const char* what) const;

 private:
  // Each false at the end or on an error, see Next.
  bool NextFamily(const char*& wrong);
  bool NextMetric(const char*& wrong);
  const char* ReadFamily(std::string_view message);
  // Where the metric is a histogram: which parts of it there are. Null, or what is wrong.
  const char* BeginHistogram();
  void Fill(ProtobufSample& sample);

  const char* begin_;
  const char* p_;  // behind the family being read
  const char* end_;
  HistogramSettings settings_;
  ProtobufFamily family_;
  std::string_view metrics_;  // what is left of the family
  bool begins_family_ = false;
  std::string_view metric_message_;
  ProtobufMetric& metric_;
  // The next part of the metric; buckets and quantiles count from 0.
  static constexpr int64_t kAtHistogram = -3;
  static constexpr int64_t kAtCount = -2;
  static constexpr int64_t kAtSum = -1;
  int64_t part_ = 0;
  int64_t parts_end_ = 0;
};

// Of the message of an exemplar (RawExemplar::labels), in order of the message.
Result<std::vector<Label>> ProtobufExemplarLabels(std::string_view message);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PROTOBUF_READER_H_
