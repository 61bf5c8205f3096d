// An ordered, immutable list of label sets: the series of a layout, shared by scraping, the log and
// the senders.
//
// Who calls it: scrape/ builds them, the log writes them into a segment's dictionary, readers get
// them back; any thread (immutable after Build). A block is a list of chunks
// (queue/series_chunk.h), which blocks share, so that a layout that differs in a few series costs
// those and not all of them. What TYPE, HELP and UNIT say is beside it, in a table that blocks
// share too. Memory: two bytes a series, and the chunks that nobody else has.
//
//   SeriesBlock::Builder b;
//   b.BeginSeries(); b.AddLabel("__name__", "up");
//   std::shared_ptr<const SeriesBlock> block = b.Build();
//   block->ForEachLabel(0, [](std::string_view name, std::string_view value) { ... });
#ifndef LIMPET_QUEUE_SERIES_BLOCK_H_
#define LIMPET_QUEUE_SERIES_BLOCK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "queue/metric_metadata.h"
#include "queue/series_chunk.h"

namespace limpet {

class SeriesBlock {
 public:
  using Chunks = std::vector<std::shared_ptr<const SeriesChunk>>;

  // Makes a block of one chunk.
  class Builder {
   public:
    // `metadata` is the series' place in the table given to Build.
    void BeginSeries(uint16_t metadata = kNoMetadata);
    // In strictly ascending order of name within a series.
    void AddLabel(std::string_view name, std::string_view value) { chunk_.AddLabel(name, value); }
    std::shared_ptr<const SeriesBlock> Build(std::shared_ptr<const MetadataTable> table = nullptr);

   private:
    SeriesChunk::Builder chunk_;
    std::vector<uint16_t> metadata_;
  };

  // `metadata` is empty or has a place in the table for each series; else an error.
  static Result<std::shared_ptr<const SeriesBlock>> FromChunks(
      Chunks chunks, std::vector<uint16_t> metadata = {},
      std::shared_ptr<const MetadataTable> table = nullptr);

  uint64_t id() const { return id_; }  // unique in this process
  uint64_t content_hash() const { return content_hash_; }
  size_t size() const { return firsts_.back(); }
  const Chunks& chunks() const { return chunks_; }
  // All labels of one series, encoded as in its chunk. Fastest in order of the series.
  std::string_view Encoded(size_t series) const {
    const size_t chunk = ChunkOf(series);
    return chunks_[chunk]->Encoded(series - firsts_[chunk]);
  }
  // Of all series.
  size_t encoded_bytes() const { return encoded_bytes_; }
  Labels LabelsOf(size_t series) const;  // without the empty ones
  template <typename F>
  void ForEachLabel(size_t series, F&& function) const;
  // What is known of the series' metric; the empty one where nothing is.
  const MetricMetadata& MetadataOf(size_t series) const {
    return table_ == nullptr ? NoMetadata() : (*table_)[metadata_[series]];
  }
  // Null where no series has metadata; then metadata() is empty too.
  const std::shared_ptr<const MetadataTable>& metadata_table() const { return table_; }
  const std::vector<uint16_t>& metadata() const { return metadata_; }
  // The same labels and metadata, in the same order.
  bool SameSeries(const SeriesBlock& other) const;
  // Without chunks and table.
  size_t memory_bytes() const;

 private:
  SeriesBlock(Chunks chunks, std::vector<uint16_t> metadata,
              std::shared_ptr<const MetadataTable> table);
  bool SameLabels(const SeriesBlock& other) const;
  bool IsIn(size_t chunk, size_t series) const {
    return series >= firsts_[chunk] && series < firsts_[chunk + 1];
  }
  size_t ChunkOf(size_t series) const {
    const size_t last = last_chunk_.load(std::memory_order_relaxed);
    return IsIn(last, series) ? last : FindChunk(series);
  }
  size_t FindChunk(size_t series) const;

  uint64_t id_;
  uint64_t content_hash_;
  Chunks chunks_;
  std::vector<uint32_t> firsts_;  // series before each chunk, and before the end
  size_t encoded_bytes_ = 0;
  std::vector<uint16_t> metadata_;
  std::shared_ptr<const MetadataTable> table_;
  mutable std::atomic<uint32_t> last_chunk_{0};  // that was asked for: a hint
};

template <typename F>
void SeriesBlock::ForEachLabel(size_t series, F&& function) const {
  std::string_view rest = Encoded(series);
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(rest, name, value)) function(name, value);
}

}  // namespace limpet

#endif  // LIMPET_QUEUE_SERIES_BLOCK_H_
