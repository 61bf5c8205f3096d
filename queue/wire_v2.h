// A Remote-Write 2.0 message being written: io.prometheus.write.v2.Request, as bytes.
//
// Who calls it: RequestBuilder; one thread at a time.
// Operation: Begin says of which layout and target the series to come are; then each series is
// BeginSeries, its samples, EndSeries. In the message the symbols come first, so they are kept
// apart until it is compressed. A series' metadata is always with it, as the specification wants
// it. Strings are numbered when the first series that is written needs them. Source:
// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/. A series has room for more than
// samples: what else belongs to it (exemplars, histograms) goes between BeginSeries and EndSeries,
// its size into `content_bytes`.
#ifndef LIMPET_QUEUE_WIRE_V2_H_
#define LIMPET_QUEUE_WIRE_V2_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "queue/series_block.h"
#include "queue/wire.h"
#include "queue/wire_plan.h"
#include "queue/wire_symbols.h"

namespace limpet {

class MessageV2 {
 public:
  // References are good until the next Begin or Clear.
  void Begin(const SeriesBlock& block, const LayoutSymbols& symbols, const InterleavePlan& plan,
             const OuterLabels& outer);
  // Where series have their labels given each time.
  void Begin(const SeriesBlock& block);

  // An upper bound for what a series adds to the message, new symbols included. `label_bytes` are
  // those of its labels in 1.0 encoding.
  size_t SeriesBytesMax(size_t series, size_t label_bytes, size_t content_bytes) const;
  // The fields before the samples; returns where these go, `content_bytes` of them.
  char* BeginSeries(size_t series, size_t content_bytes);
  // The same with labels in 1.0 encoding.
  char* BeginSeries(size_t series, std::string_view labels, size_t content_bytes);
  // Behind the samples.
  void EndSeries(char* out);

  // Of a string that a series to be begun refers to from its content.
  uint32_t Number(std::string_view text) { return symbols_.Number(text); }

  std::string_view symbols() const { return symbols_.encoded(); }
  std::string_view series() const { return series_.view(); }
  size_t bytes() const { return symbols().size() + series().size(); }
  void Clear();
  void Release();

 private:
  // TimeSeries.metadata of one entry of a block's table, with tag and length.
  struct Metadata {
    static constexpr size_t kBytesMax = 2 + 2 + 2 * (1 + 5);
    bool known = false;
    uint8_t size = 0;
    char bytes[kBytesMax] = {};
  };
  // A layout's strings and metadata as this message numbers them.
  struct Layout {
    std::vector<uint32_t> numbers;  // 0: none yet
    std::vector<Metadata> metadata;
  };

  void NumberOuter();
  char* WriteNumber(char* out, Layout& layout, uint32_t symbol);
  char* Start(size_t series, const char* refs_end, size_t content_bytes);
  const Metadata& MetadataOf(size_t series);
  void Encode(const MetricMetadata& metadata, Metadata& encoded);

  SymbolTable symbols_;
  WireBuffer series_;
  WireBuffer refs_;                               // of the series being written
  std::unordered_map<uint64_t, Layout> layouts_;  // by SeriesBlock::id

  // Of the present Begin.
  const SeriesBlock* block_ = nullptr;
  const LayoutSymbols* layout_symbols_ = nullptr;
  const InterleavePlan* plan_ = nullptr;
  const OuterLabels* outer_ = nullptr;
  Layout* layout_ = nullptr;
  bool outer_numbered_ = false;
  std::string outer_refs_;
  std::vector<uint32_t> outer_starts_;
  const Metadata* metadata_ = nullptr;  // of the series being written
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_V2_H_
