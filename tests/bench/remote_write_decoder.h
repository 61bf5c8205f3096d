// Reads Remote-Write requests as the specifications have them, by hand: it shares nothing with the
// encoder it judges, nor with generated code.
//
// Who calls it: the sink; any thread, one call at a time an object.
// What is checked (kStrict), with the text of the first offence as the answer: the wire format,
// fields the message does not have, label names that are empty, repeated or not in order, empty
// values, a missing metric name, series with neither samples nor histograms or with both, samples
// or histograms not in order of time, histograms whose buckets are not as many as their spans say,
// exemplars without a time; in 1.0 histograms with custom buckets; in 2.0 also symbols (the first
// is empty, references lie inside, pairs are whole) and metadata types. kCount only finds where
// samples are: some 20 ns a series. Sources: Prometheus Remote-Write 1.0 and 2.0-rc.4, and for
// histograms and exemplars in 1.0 its prompb/types.proto.
#ifndef LIMPET_TESTS_BENCH_REMOTE_WRITE_DECODER_H_
#define LIMPET_TESTS_BENCH_REMOTE_WRITE_DECODER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet {

enum class RemoteWriteVersion { k1, k2 };

struct DecodedSample {
  int64_t timestamp_ms = 0;
  double value = 0;
  int64_t start_timestamp_ms = 0;
};

// Views are into the request, until the callback returns.
struct DecodedSeries {
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::vector<DecodedSample> samples;
  size_t histograms = 0;
  size_t exemplars = 0;
  uint64_t type = 0;  // 0: unknown, 1: counter, 2: gauge, ...
  std::string_view help;
  std::string_view unit;
};

struct DecodedCounts {
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t histograms = 0;
  uint64_t exemplars = 0;
  uint64_t metadata = 0;  // series with a type, a help or a unit
};

class RemoteWriteDecoder {
 public:
  using OnSeries = std::function<void(const DecodedSeries&)>;
  using Offence = std::optional<std::string>;

  // Of the whole request: series are handed on only where all of it is in order. counts() are of
  // the last call.
  Offence Strict(RemoteWriteVersion version, std::string_view request, const OnSeries& on_series);
  Offence Count(RemoteWriteVersion version, std::string_view request);
  const DecodedCounts& counts() const { return counts_; }

 private:
  struct Field;
  class Reader;

  Offence EachSeries(RemoteWriteVersion version, std::string_view request,
                     const std::function<Offence(std::string_view)>& take);
  Offence Series1(std::string_view bytes);
  Offence Series2(std::string_view bytes);
  Offence Sample(std::string_view bytes, RemoteWriteVersion version);
  Offence LabelPair(std::string_view bytes);
  Offence References(std::string_view bytes);
  Offence Exemplar(std::string_view bytes, RemoteWriteVersion version);
  Offence Histogram(std::string_view bytes, RemoteWriteVersion version);
  Offence SpanLengths(std::string_view bytes, uint64_t& length) const;
  Offence Metadata(std::string_view bytes);
  Offence Symbol(uint64_t reference, std::string_view& text) const;
  Offence CheckSeries() const;

  std::vector<std::string_view> symbols_;
  std::vector<std::string_view> series_bytes_;
  DecodedSeries series_;
  int64_t histogram_ms_ = 0;  // of the series' last one
  DecodedCounts counts_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_BENCH_REMOTE_WRITE_DECODER_H_
