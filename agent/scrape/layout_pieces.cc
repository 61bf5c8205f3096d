#include "agent/scrape/layout_pieces.h"

#include <utility>

namespace limpet {
namespace {

uint64_t KeyOf(const PieceOrigin& origin, std::span<const LayoutLine> lines) {
  return HashOfLines(origin.scope_id * 4 + static_cast<uint64_t>(origin.format), lines);
}

}  // namespace

std::shared_ptr<const LayoutPiece> LayoutPieces::Find(const PieceOrigin& origin,
                                                      std::span<const LayoutLine> lines) const {
  return pieces_.Find(KeyOf(origin, lines), [&](const LayoutPiece& piece) {
    return piece.origin == origin && SameLines(piece.lines, lines);
  });
}

void LayoutPieces::Add(const std::shared_ptr<const LayoutPiece>& piece) {
  pieces_.Add(KeyOf(piece->origin, piece->lines), piece);
}

std::shared_ptr<const SeriesChunk> LayoutPieces::Intern(std::shared_ptr<const SeriesChunk> chunk) {
  return InternSeries(std::move(chunk), chunks_);
}

uint64_t LayoutPieces::memory_bytes() const {
  uint64_t bytes = 0;
  pieces_.ForEach([&](const LayoutPiece& piece) {
    bytes += sizeof(piece) + piece.lines.capacity() * sizeof(LayoutLine);
  });
  chunks_.ForEach([&](const SeriesChunk& chunk) { bytes += chunk.memory_bytes(); });
  return bytes;
}

}  // namespace limpet
