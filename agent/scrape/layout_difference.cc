#include "agent/scrape/layout_difference.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "agent/scrape/series_numbers.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// Of the labels as delivered, the target's included.
uint64_t DeliveredHash(const Layout& layout, size_t series, const LogTarget& target) {
  LabelsBuilder labels(target.labels);
  layout.block()->ForEachLabel(series, [&](std::string_view name, std::string_view value) {
    labels.Set(name, value);  // an empty one deletes the target's
  });
  return labels.Build().Hash();
}

// By series of the page.
using SeriesHashes = std::vector<std::pair<uint32_t, uint64_t>>;
using ChunkSet = std::unordered_set<const SeriesChunk*>;

ChunkSet ChunksOf(const Layout& layout) {
  ChunkSet chunks;
  for (const auto& chunk : layout.block()->chunks()) chunks.insert(chunk.get());
  return chunks;
}

// Without the series of the chunks in `without`.
SeriesHashes Hashes(const Layout& layout, const LogTarget& target, bool delivered,
                    const ChunkSet& without) {
  SeriesHashes hashes;
  uint32_t series = 0;
  for (const auto& chunk : layout.block()->chunks()) {
    const auto end = static_cast<uint32_t>(std::min(series + chunk->size(), layout.page_series()));
    if (without.contains(chunk.get())) series = std::max(series, end);
    for (size_t i = 0; series < end; ++series, ++i) {
      hashes.emplace_back(series, delivered ? DeliveredHash(layout, series, target)
                                            : TextHash::Instance()(chunk->Encoded(i)));
    }
  }
  return hashes;
}

}  // namespace

std::vector<uint32_t> MissingSeries(const Layout& before, const LogTarget& before_target,
                                    const Layout& after, const LogTarget& after_target) {
  // With the same outer labels it is enough to compare the inner ones as they are encoded, and what
  // both have in common is no difference: no layout has a series in two chunks.
  const bool delivered = before_target.labels != after_target.labels;
  const SeriesHashes had =
      Hashes(before, before_target, delivered, delivered ? ChunkSet() : ChunksOf(after));
  if (had.empty()) return {};
  const SeriesHashes has =
      Hashes(after, after_target, delivered, delivered ? ChunkSet() : ChunksOf(before));
  SeriesNumbers known(has.size());
  for (const auto& [series, hash] : has) known.Add(hash, series);
  std::vector<uint32_t> missing;
  for (const auto& [series, hash] : had) {
    if (known.Find(hash) == nullptr) missing.push_back(series);
  }
  return missing;
}

std::vector<int64_t> MovedToLayout(const Layout& before, const LogTarget& before_target,
                                   const std::vector<int64_t>& numbers, const Layout& after,
                                   const LogTarget& after_target) {
  const bool delivered = before_target.labels != after_target.labels;
  std::unordered_map<uint64_t, int64_t> known;
  for (const auto& [series, hash] : Hashes(before, before_target, delivered, {})) {
    const auto [it, is_new] = known.emplace(hash, numbers[series]);
    if (!is_new) it->second = std::max(it->second, numbers[series]);
  }
  std::vector<int64_t> moved;
  for (const auto& [series, hash] : Hashes(after, after_target, delivered, {})) {
    const auto it = known.find(hash);
    moved.push_back(it == known.end() ? INT64_MIN : it->second);
  }
  return moved;
}

}  // namespace limpet
