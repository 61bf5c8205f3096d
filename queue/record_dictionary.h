// The dictionary of a segment: labels of series, metadata, and the layouts that refer to both.
// queue/FORMAT.md has the page.
//
// Who calls it: DictionaryWriter through SegmentEncoder, DictionaryReader through SegmentDecoder,
// each one a segment; any thread. The functions also serve who looks into single records.
// Operation: what layouts share is in the segment once. Writer and reader forget by the same rule:
// a chunk or table goes with the last layout that refers to it, and its id is not used again.
// Limits: a record may unpack to 512 MiB; a layout has at most 16 million series. Beyond it bytes
// are taken for damage.
#ifndef LIMPET_QUEUE_RECORD_DICTIONARY_H_
#define LIMPET_QUEUE_RECORD_DICTIONARY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/log_pool.h"
#include "queue/series_block.h"

namespace limpet {

inline constexpr uint64_t kSeriesMax = 16u << 20;
inline constexpr uint64_t kDictionaryBytesMax = 512u << 20;

struct ChunkPayload {
  uint64_t id = 0;
  std::shared_ptr<const SeriesChunk> chunk;
};
// False, with `out` as it was, where it is beyond the limits.
bool PutChunkRecord(uint64_t id, const SeriesChunk& chunk, std::string& out);
std::optional<ChunkPayload> ParseChunk(std::string_view payload);

struct MetadataPayload {
  uint64_t id = 0;
  std::shared_ptr<const MetadataTable> table;
};
bool PutMetadataRecord(uint64_t id, const MetadataTable& table, std::string& out);
std::optional<MetadataPayload> ParseMetadata(std::string_view payload);

struct LayoutPayload {
  uint64_t id = 0;
  std::vector<uint64_t> chunks;  // ids
  uint64_t table = 0;            // id; 0: none
  // Where the table has what: a place, and how many series in a row have it.
  std::vector<std::pair<uint16_t, uint32_t>> places;
};
void PutLayoutRecord(const LayoutPayload& layout, std::string& out);
std::optional<LayoutPayload> ParseLayout(std::string_view payload);

// What the writer has told a segment.
class DictionaryWriter {
 public:
  // The layout's id, after the records that it needs; 0, with nothing remembered, where it is
  // beyond the limits. `next_id` is moved on.
  uint64_t Put(const SeriesBlock& block, uint64_t& next_id, std::string& out);
  // The layout of that SeriesBlock::id.
  void Forget(uint64_t block);

 private:
  struct Entry {
    uint64_t id = 0;  // in the segment
    uint32_t layouts = 0;
  };
  struct Table : Entry {
    std::shared_ptr<const MetadataTable> held;  // its address is its key
  };
  struct Layout {
    std::vector<uint64_t> chunks;  // SeriesChunk::id
    const MetadataTable* table = nullptr;
  };
  bool PutChunks(const SeriesBlock& block, uint64_t& next_id, LayoutPayload& payload,
                 Layout& layout, std::string& out);
  bool PutTable(const SeriesBlock& block, uint64_t& next_id, LayoutPayload& payload, Layout& layout,
                std::string& out);
  void Release(const Layout& layout);

  std::unordered_map<uint64_t, Entry> chunks_;
  std::unordered_map<const MetadataTable*, Table> tables_;
  std::unordered_map<uint64_t, Layout> layouts_;  // by SeriesBlock::id
};

// What a reader has learnt of a segment.
class DictionaryReader {
 public:
  explicit DictionaryReader(LogPool& pool) : pool_(pool) {}

  // False where the payload is malformed or refers to what is missing.
  bool TakeChunk(std::string_view payload);
  bool TakeMetadata(std::string_view payload);
  bool TakeLayout(std::string_view payload);
  // Null where it is not known.
  std::shared_ptr<const SeriesBlock> Find(uint64_t layout) const;
  void Forget(uint64_t layout);

 private:
  template <typename T>
  struct Entry {
    std::shared_ptr<const T> value;
    uint32_t layouts = 0;
  };
  struct Layout {
    std::shared_ptr<const SeriesBlock> block;
    std::vector<uint64_t> chunks;
    uint64_t table = 0;
  };

  LogPool& pool_;
  std::unordered_map<uint64_t, Entry<SeriesChunk>> chunks_;
  std::unordered_map<uint64_t, Entry<MetadataTable>> tables_;
  std::unordered_map<uint64_t, Layout> layouts_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_DICTIONARY_H_
