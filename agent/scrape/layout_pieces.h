// The pieces of layouts in memory, and the chunks of series in them: what is the same is there
// once.
//
// Who calls it: building layouts; the loop's thread. It owns nothing: what no layout uses any more
// is gone.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_PIECES_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_PIECES_H_

#include <cstdint>
#include <memory>
#include <span>

#include "agent/scrape/layout_piece.h"
#include "queue/series_chunk.h"
#include "queue/weak_pool.h"

namespace limpet {

class LayoutPieces {
 public:
  // The piece with exactly these lines, whose series do not count; null where there is none.
  std::shared_ptr<const LayoutPiece> Find(const PieceOrigin& origin,
                                          std::span<const LayoutLine> lines) const;
  void Add(const std::shared_ptr<const LayoutPiece>& piece);
  // The chunk with the same series that is in use, else this one.
  std::shared_ptr<const SeriesChunk> Intern(std::shared_ptr<const SeriesChunk> chunk);

  // Of all pieces in use, each once.
  uint64_t memory_bytes() const;

 private:
  WeakPool<LayoutPiece> pieces_;
  WeakPool<SeriesChunk> chunks_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_PIECES_H_
