#include "queue/series_block.h"

#include <xxhash.h>

#include <algorithm>

namespace limpet {
namespace {

std::atomic<uint64_t> last_block_id{0};

}  // namespace

void SeriesBlock::Builder::BeginSeries(uint16_t metadata) {
  chunk_.BeginSeries();
  metadata_.push_back(metadata);
}

std::shared_ptr<const SeriesBlock> SeriesBlock::Builder::Build(
    std::shared_ptr<const MetadataTable> table) {
  if (table == nullptr) metadata_.clear();
  metadata_.shrink_to_fit();
  Chunks chunks;
  if (chunk_.size() > 0) chunks.push_back(chunk_.Build());
  return std::shared_ptr<const SeriesBlock>(
      new SeriesBlock(std::move(chunks), std::exchange(metadata_, {}), std::move(table)));
}

SeriesBlock::SeriesBlock(Chunks chunks, std::vector<uint16_t> metadata,
                         std::shared_ptr<const MetadataTable> table)
    : id_(++last_block_id),
      chunks_(std::move(chunks)),
      metadata_(std::move(metadata)),
      table_(std::move(table)) {
  std::erase_if(chunks_, [](const auto& chunk) { return chunk->size() == 0; });
  chunks_.shrink_to_fit();
  firsts_.reserve(chunks_.size() + 1);
  uint32_t series = 0;
  content_hash_ = XXH3_64bits(metadata_.data(), metadata_.size() * sizeof(uint16_t));
  for (const auto& chunk : chunks_) {
    firsts_.push_back(series);
    series += static_cast<uint32_t>(chunk->size());
    encoded_bytes_ += chunk->encoded().size();
    const uint64_t hash = chunk->content_hash();
    content_hash_ = XXH3_64bits_withSeed(&hash, sizeof(hash), content_hash_);
  }
  firsts_.push_back(series);
  // An empty block has a place to look at, too.
  if (chunks_.empty()) firsts_.push_back(series);
}

Result<std::shared_ptr<const SeriesBlock>> SeriesBlock::FromChunks(
    Chunks chunks, std::vector<uint16_t> metadata, std::shared_ptr<const MetadataTable> table) {
  size_t series = 0;
  for (const auto& chunk : chunks) series += chunk->size();
  if (metadata.size() != (table == nullptr ? 0 : series)) {
    return Error{"series block: metadata of another number of series"};
  }
  const bool known = std::all_of(metadata.begin(), metadata.end(),
                                 [&](uint16_t place) { return place < table->size(); });
  if (!known) return Error{"series block: metadata that the table lacks"};
  return std::shared_ptr<const SeriesBlock>(
      new SeriesBlock(std::move(chunks), std::move(metadata), std::move(table)));
}

size_t SeriesBlock::FindChunk(size_t series) const {
  const auto behind = std::upper_bound(firsts_.begin(), firsts_.end(), series);
  const auto chunk = static_cast<size_t>(behind - firsts_.begin()) - 1;
  last_chunk_.store(static_cast<uint32_t>(chunk), std::memory_order_relaxed);
  return chunk;
}

bool SeriesBlock::SameLabels(const SeriesBlock& other) const {
  if (size() != other.size()) return false;
  if (firsts_ == other.firsts_) {
    return std::equal(chunks_.begin(), chunks_.end(), other.chunks_.begin(),
                      [](const auto& a, const auto& b) { return a->SameSeries(*b); });
  }
  for (size_t i = 0; i < size(); ++i) {
    if (Encoded(i) != other.Encoded(i)) return false;
  }
  return true;
}

bool SeriesBlock::SameSeries(const SeriesBlock& other) const {
  if (metadata_ != other.metadata_ || !SameLabels(other)) return false;
  if (table_ == other.table_) return true;
  return table_ != nullptr && other.table_ != nullptr && *table_ == *other.table_;
}

size_t SeriesBlock::memory_bytes() const {
  return sizeof(*this) + chunks_.capacity() * sizeof(chunks_[0]) +
         firsts_.capacity() * sizeof(uint32_t) + metadata_.capacity() * sizeof(uint16_t);
}

Labels SeriesBlock::LabelsOf(size_t series) const {
  std::vector<Label> labels;
  ForEachLabel(series, [&](std::string_view name, std::string_view value) {
    labels.push_back({std::string(name), std::string(value)});
  });
  return Labels(std::move(labels));
}

}  // namespace limpet
