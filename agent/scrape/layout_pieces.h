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
#include <unordered_map>

#include "agent/scrape/layout_piece.h"
#include "agent/scrape/page_format.h"
#include "queue/series_chunk.h"

namespace limpet {

class LayoutPieces {
 public:
  // Which rules made the series of a piece.
  struct Origin {
    uint64_t scope_id = 0;
    PageFormat format = PageFormat::kPrometheusText;
    friend bool operator==(const Origin&, const Origin&) = default;
  };

  // The piece with exactly these lines, whose series do not count; null where there is none.
  std::shared_ptr<const LayoutPiece> Find(const Origin& origin,
                                          std::span<const LayoutLine> lines) const;
  void Add(const Origin& origin, const std::shared_ptr<const LayoutPiece>& piece);
  // The chunk with the same series that is in use, else this one.
  std::shared_ptr<const SeriesChunk> Intern(std::shared_ptr<const SeriesChunk> chunk);

  // Of all pieces in use, each once.
  uint64_t memory_bytes() const;
  size_t size() const { return pieces_.size(); }

 private:
  struct Known {
    Origin origin;
    std::weak_ptr<const LayoutPiece> piece;
  };
  std::unordered_multimap<uint64_t, Known> pieces_;
  std::unordered_multimap<uint64_t, std::weak_ptr<const SeriesChunk>> chunks_;
  size_t sweep_pieces_at_ = 64;
  size_t sweep_chunks_at_ = 64;
};

// Whether they are the same but for the series that they stand for.
bool SameLines(std::span<const LayoutLine> a, std::span<const LayoutLine> b);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_PIECES_H_
