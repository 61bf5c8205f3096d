// An ordered, immutable list of label sets: the series of a layout, stored once and shared by
// scraping, the log and the senders.
//
// Who calls it: scrape/ builds them, the log writes them into a segment's dictionary, readers get
// them back; any thread (immutable after Build). Encoding: a series is its labels in order of name,
// each as the `labels` field of a Remote-Write 1.0 TimeSeries (0x0A len {0x0A len name 0x12 len
// value}), so that a sender copies bytes. A label with an empty value may be in it: it is never
// delivered, but it keeps an outer label of that name (see ScrapeView) from being added, as
// honor_labels wants it. What TYPE, HELP and UNIT say is beside it, in a table that blocks share.
// Limits: 4 GiB of labels a block.
//
//   SeriesBlock::Builder b;
//   b.BeginSeries(); b.AddLabel("__name__", "up");
//   std::shared_ptr<const SeriesBlock> block = b.Build();
//   block->ForEachLabel(0, [](std::string_view name, std::string_view value) { ... });
#ifndef LIMPET_QUEUE_SERIES_BLOCK_H_
#define LIMPET_QUEUE_SERIES_BLOCK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "queue/metric_metadata.h"

namespace limpet {

class SeriesBlock {
 public:
  class Builder {
   public:
    // `metadata` is the series' place in the table given to Build.
    void BeginSeries(uint16_t metadata = kNoMetadata);
    // In strictly ascending order of name within a series.
    void AddLabel(std::string_view name, std::string_view value);
    std::shared_ptr<const SeriesBlock> Build(std::shared_ptr<const MetadataTable> table = nullptr);

   private:
    std::string bytes_;
    std::vector<uint32_t> starts_;
    std::vector<uint16_t> metadata_;
  };

  // From the encoded bytes of all series and each one's start, as a segment keeps them; an error
  // where they are not well formed.
  // `metadata` is empty or has a place in the table for each series.
  static Result<std::shared_ptr<const SeriesBlock>> FromEncoded(
      std::string bytes, std::vector<uint32_t> starts, std::vector<uint16_t> metadata = {},
      std::shared_ptr<const MetadataTable> table = nullptr);

  uint64_t id() const { return id_; }  // unique in this process
  uint64_t content_hash() const { return content_hash_; }
  size_t size() const { return starts_.size(); }
  // All labels of one series, encoded as above.
  std::string_view Encoded(size_t series) const;
  std::string_view encoded() const { return bytes_; }
  const std::vector<uint32_t>& starts() const { return starts_; }
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

 private:
  SeriesBlock(std::string bytes, std::vector<uint32_t> starts, std::vector<uint16_t> metadata,
              std::shared_ptr<const MetadataTable> table);
  uint64_t id_;
  uint64_t content_hash_;
  std::string bytes_;
  std::vector<uint32_t> starts_;
  std::vector<uint16_t> metadata_;
  std::shared_ptr<const MetadataTable> table_;
};

// One label off the front of `encoded`; false at the end. Input is known to be well formed.
bool NextEncodedLabel(std::string_view& encoded, std::string_view& name, std::string_view& value);

template <typename F>
void SeriesBlock::ForEachLabel(size_t series, F&& function) const {
  std::string_view rest = Encoded(series);
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(rest, name, value)) function(name, value);
}

}  // namespace limpet

#endif  // LIMPET_QUEUE_SERIES_BLOCK_H_
