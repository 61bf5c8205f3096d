#include "queue/record_dictionary.h"

#include <snappy.h>

#include "queue/record.h"
#include "queue/record_bytes.h"

namespace limpet {
namespace {

// Snappy cannot do better than 64 bytes out of 2.
constexpr uint64_t kSnappyRatioMax = 64;
constexpr uint64_t kMetadataMax = 65536;

// A record of an id and what is packed.
bool PutPacked(RecordType type, uint64_t id, const std::string& plain, std::string& out) {
  if (plain.size() > kDictionaryBytesMax) return false;
  std::string packed;
  snappy::Compress(plain.data(), plain.size(), &packed);
  if (packed.size() + 64 > kRecordPayloadMax) return false;
  const size_t begin = BeginRecord(type, out);
  PutVarint(id, out);
  out.append(packed);
  EndRecord(begin, out);
  return true;
}

bool TakePacked(std::string_view payload, uint64_t& id, std::string& plain) {
  ByteReader in(payload);
  id = in.Varint();
  const std::string_view packed = in.rest();
  size_t plain_size = 0;
  return in.ok() && snappy::GetUncompressedLength(packed.data(), packed.size(), &plain_size) &&
         plain_size <= kDictionaryBytesMax && plain_size <= packed.size() * kSnappyRatioMax &&
         snappy::Uncompress(packed.data(), packed.size(), &plain);
}

std::vector<std::pair<uint16_t, uint32_t>> RunsOf(const std::vector<uint16_t>& places) {
  std::vector<std::pair<uint16_t, uint32_t>> runs;
  for (const uint16_t place : places) {
    if (runs.empty() || runs.back().first != place) runs.emplace_back(place, 0);
    ++runs.back().second;
  }
  return runs;
}

}  // namespace

bool PutChunkRecord(uint64_t id, const SeriesChunk& chunk, std::string& out) {
  if (chunk.size() > kSeriesMax) return false;
  std::string plain;
  plain.reserve(chunk.encoded().size() + 2 * chunk.size() + 8);
  PutVarint(chunk.size(), plain);
  for (size_t i = 0; i < chunk.size(); ++i) PutVarint(chunk.Encoded(i).size(), plain);
  plain.append(chunk.encoded());
  return PutPacked(RecordType::kChunk, id, plain, out);
}

std::optional<ChunkPayload> ParseChunk(std::string_view payload) {
  ChunkPayload parsed;
  std::string plain;
  if (!TakePacked(payload, parsed.id, plain)) return std::nullopt;
  ByteReader in(plain);
  const uint64_t count = in.Varint();
  if (count > kSeriesMax || count > in.rest().size()) return std::nullopt;
  std::vector<uint32_t> starts(count);
  uint64_t start = 0;
  for (uint32_t& s : starts) {
    s = static_cast<uint32_t>(start);
    start += in.Varint();
    if (start > plain.size()) return std::nullopt;
  }
  std::string labels(in.Take(start));
  if (!in.AtEnd()) return std::nullopt;
  auto chunk = SeriesChunk::FromEncoded(std::move(labels), std::move(starts));
  if (!chunk) return std::nullopt;
  parsed.chunk = std::move(*chunk);
  return parsed;
}

bool PutMetadataRecord(uint64_t id, const MetadataTable& table, std::string& out) {
  std::string plain;
  PutVarint(table.size(), plain);
  for (const MetricMetadata& metadata : table) {
    plain.push_back(static_cast<char>(metadata.type));
    PutString(metadata.help, plain);
    PutString(metadata.unit, plain);
  }
  return PutPacked(RecordType::kMetadata, id, plain, out);
}

std::optional<MetadataPayload> ParseMetadata(std::string_view payload) {
  MetadataPayload parsed;
  std::string plain;
  if (!TakePacked(payload, parsed.id, plain)) return std::nullopt;
  ByteReader in(plain);
  const uint64_t count = in.Varint();
  if (count > kMetadataMax || count > in.rest().size()) return std::nullopt;
  auto table = std::make_shared<MetadataTable>(count);
  for (MetricMetadata& metadata : *table) {
    const uint8_t type = in.Byte();
    if (type > static_cast<uint8_t>(MetricType::kStateset)) return std::nullopt;
    metadata.type = static_cast<MetricType>(type);
    metadata.help = in.String();
    metadata.unit = in.String();
  }
  if (!in.AtEnd()) return std::nullopt;
  parsed.table = std::move(table);
  return parsed;
}

void PutLayoutRecord(const LayoutPayload& layout, std::string& out) {
  const size_t begin = BeginRecord(RecordType::kLayout, out);
  PutVarint(layout.id, out);
  PutVarint(layout.chunks.size(), out);
  for (const uint64_t chunk : layout.chunks) PutVarint(chunk, out);
  PutVarint(layout.table, out);
  for (const auto& [place, series] : layout.places) {
    PutVarint(place, out);
    PutVarint(series, out);
  }
  EndRecord(begin, out);
}

std::optional<LayoutPayload> ParseLayout(std::string_view payload) {
  ByteReader in(payload);
  LayoutPayload layout;
  layout.id = in.Varint();
  const uint64_t chunks = in.Varint();
  if (chunks > in.rest().size()) return std::nullopt;
  layout.chunks.resize(chunks);
  for (uint64_t& chunk : layout.chunks) chunk = in.Varint();
  layout.table = in.Varint();
  uint64_t series = 0;
  while (in.ok() && !in.rest().empty()) {
    const uint64_t place = in.Varint();
    const uint64_t run = in.Varint();
    if (place >= kMetadataMax || run == 0 || run > kSeriesMax - series) return std::nullopt;
    series += run;
    layout.places.emplace_back(static_cast<uint16_t>(place), static_cast<uint32_t>(run));
  }
  if (!in.ok()) return std::nullopt;
  return layout;
}

uint64_t DictionaryWriter::Put(const SeriesBlock& block, uint64_t& next_id, std::string& out) {
  const size_t begin = out.size();
  LayoutPayload payload;
  Layout layout;
  const bool good = PutChunks(block, next_id, payload, layout, out) &&
                    PutTable(block, next_id, payload, layout, out);
  if (!good) {
    Release(layout);
    out.resize(begin);
    return 0;
  }
  payload.id = next_id++;
  PutLayoutRecord(payload, out);
  layouts_[block.id()] = std::move(layout);
  return payload.id;
}

bool DictionaryWriter::PutChunks(const SeriesBlock& block, uint64_t& next_id,
                                 LayoutPayload& payload, Layout& layout, std::string& out) {
  for (const auto& chunk : block.chunks()) {
    const auto [entry, fresh] = chunks_.try_emplace(chunk->id());
    if (fresh) {
      entry->second.id = next_id++;
      if (!PutChunkRecord(entry->second.id, *chunk, out)) {
        chunks_.erase(entry);
        return false;
      }
    }
    ++entry->second.layouts;
    layout.chunks.push_back(chunk->id());
    payload.chunks.push_back(entry->second.id);
  }
  return true;
}

bool DictionaryWriter::PutTable(const SeriesBlock& block, uint64_t& next_id, LayoutPayload& payload,
                                Layout& layout, std::string& out) {
  const auto& table = block.metadata_table();
  if (table == nullptr) return true;
  const auto [entry, fresh] = tables_.try_emplace(table.get());
  if (fresh) {
    entry->second.id = next_id++;
    entry->second.held = table;
    if (!PutMetadataRecord(entry->second.id, *table, out)) {
      tables_.erase(entry);
      return false;
    }
  }
  ++entry->second.layouts;
  layout.table = table.get();
  payload.table = entry->second.id;
  payload.places = RunsOf(block.metadata());
  return true;
}

void DictionaryWriter::Forget(uint64_t block) {
  const auto layout = layouts_.find(block);
  if (layout == layouts_.end()) return;
  Release(layout->second);
  layouts_.erase(layout);
}

void DictionaryWriter::Release(const Layout& layout) {
  for (const uint64_t id : layout.chunks) {
    const auto chunk = chunks_.find(id);
    if (--chunk->second.layouts == 0) chunks_.erase(chunk);
  }
  if (layout.table == nullptr) return;
  const auto table = tables_.find(layout.table);
  if (--table->second.layouts == 0) tables_.erase(table);
}

bool DictionaryReader::TakeChunk(std::string_view payload) {
  auto chunk = ParseChunk(payload);
  if (!chunk) return false;
  chunks_[chunk->id].value = pool_.Intern(std::move(chunk->chunk));
  return true;
}

bool DictionaryReader::TakeMetadata(std::string_view payload) {
  auto metadata = ParseMetadata(payload);
  if (!metadata) return false;
  tables_[metadata->id].value = std::move(metadata->table);
  return true;
}

bool DictionaryReader::TakeLayout(std::string_view payload) {
  auto parsed = ParseLayout(payload);
  if (!parsed || layouts_.contains(parsed->id)) return false;
  SeriesBlock::Chunks chunks;
  uint64_t series = 0;
  for (const uint64_t id : parsed->chunks) {
    const auto chunk = chunks_.find(id);
    if (chunk == chunks_.end()) return false;
    series += chunk->second.value->size();
    if (series > kSeriesMax) return false;
    chunks.push_back(chunk->second.value);
  }
  std::shared_ptr<const MetadataTable> table;
  if (parsed->table != 0) {
    const auto known = tables_.find(parsed->table);
    if (known == tables_.end()) return false;
    table = known->second.value;
  }
  std::vector<uint16_t> places;
  for (const auto& [place, run] : parsed->places) {
    if (run > series - places.size()) return false;
    places.insert(places.end(), run, place);
  }
  auto block = SeriesBlock::FromChunks(std::move(chunks), std::move(places), std::move(table));
  if (!block) return false;
  for (const uint64_t id : parsed->chunks) ++chunks_.at(id).layouts;
  if (parsed->table != 0) ++tables_.at(parsed->table).layouts;
  layouts_[parsed->id] = {pool_.Intern(std::move(*block)), std::move(parsed->chunks),
                          parsed->table};
  return true;
}

std::shared_ptr<const SeriesBlock> DictionaryReader::Find(uint64_t layout) const {
  const auto found = layouts_.find(layout);
  return found == layouts_.end() ? nullptr : found->second.block;
}

void DictionaryReader::Forget(uint64_t layout) {
  const auto found = layouts_.find(layout);
  if (found == layouts_.end()) return;
  for (const uint64_t id : found->second.chunks) {
    const auto chunk = chunks_.find(id);
    if (--chunk->second.layouts == 0) chunks_.erase(chunk);
  }
  if (const auto table = tables_.find(found->second.table); table != tables_.end()) {
    if (--table->second.layouts == 0) tables_.erase(table);
  }
  layouts_.erase(found);
}

}  // namespace limpet
