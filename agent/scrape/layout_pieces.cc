#include "agent/scrape/layout_pieces.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace limpet {
namespace {

uint64_t KeyOf(const LayoutPieces::Origin& origin, std::span<const LayoutLine> lines) {
  uint64_t key = origin.scope_id * 4 + static_cast<uint64_t>(origin.format);
  for (const LayoutLine& line : lines) key = (key ^ line.hash) * 0x9e3779b97f4a7c15 + line.length;
  return key;
}

template <typename Map, typename Unused>
void Sweep(Map& map, size_t& sweep_at, Unused unused) {
  if (map.size() < sweep_at) return;
  std::erase_if(map, unused);
  sweep_at = std::max<size_t>(64, 2 * map.size());
}

}  // namespace

bool SameLines(std::span<const LayoutLine> a, std::span<const LayoutLine> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const LayoutLine& x, const LayoutLine& y) {
                      return x.hash == y.hash && x.length == y.length && x.slot.SameKind(y.slot);
                    });
}

std::shared_ptr<const LayoutPiece> LayoutPieces::Find(const Origin& origin,
                                                      std::span<const LayoutLine> lines) const {
  const auto [first, last] = pieces_.equal_range(KeyOf(origin, lines));
  for (auto it = first; it != last; ++it) {
    if (it->second.origin != origin) continue;
    auto piece = it->second.piece.lock();
    if (piece != nullptr && SameLines(piece->lines, lines)) return piece;
  }
  return nullptr;
}

void LayoutPieces::Add(const Origin& origin, const std::shared_ptr<const LayoutPiece>& piece) {
  Sweep(pieces_, sweep_pieces_at_, [](const auto& entry) { return entry.second.piece.expired(); });
  pieces_.emplace(KeyOf(origin, piece->lines), Known{origin, piece});
}

std::shared_ptr<const SeriesChunk> LayoutPieces::Intern(std::shared_ptr<const SeriesChunk> chunk) {
  const auto [first, last] = chunks_.equal_range(chunk->content_hash());
  for (auto it = first; it != last; ++it) {
    auto known = it->second.lock();
    if (known != nullptr && known->SameSeries(*chunk)) return known;
  }
  Sweep(chunks_, sweep_chunks_at_, [](const auto& entry) { return entry.second.expired(); });
  chunks_.emplace(chunk->content_hash(), chunk);
  return chunk;
}

uint64_t LayoutPieces::memory_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [key, known] : pieces_) {
    const auto piece = known.piece.lock();
    if (piece != nullptr) bytes += sizeof(*piece) + piece->lines.capacity() * sizeof(LayoutLine);
  }
  for (const auto& [key, known] : chunks_) {
    if (const auto chunk = known.lock()) bytes += chunk->memory_bytes();
  }
  return bytes;
}

}  // namespace limpet
