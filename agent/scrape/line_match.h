// Whether a page goes on with a line of a layout.
//
// Who calls it: layouts, and scanning a page along one; the loop's thread. Positions are pointers
// into the page; `end` is behind its last byte. For the text formats.
#ifndef LIMPET_AGENT_SCRAPE_LINE_MATCH_H_
#define LIMPET_AGENT_SCRAPE_LINE_MATCH_H_

#include <cstddef>

#include "agent/scrape/layout_piece.h"
#include "agent/scrape/page_gap.h"
#include "agent/scrape/sample_value.h"
#include "agent/scrape/text_hash.h"

namespace limpet {

inline bool StartsGap(char c) { return c == '#' || c == '\n' || IsBlank(c); }

// Moves `p` over the gap.
inline bool MatchGap(const TextHash& hash, const LayoutLine& line, bool is_last, const char*& p,
                     const char* end) {
  if (line.slot.is_commented()) {
    GapReading gap;
    gap.wants_digest = true;
    return SkipGap(p, end, gap) == nullptr && gap.digest == line.hash;
  }
  const auto left = static_cast<size_t>(end - p);
  // What is behind the last sample may be an unfinished line, which more bytes would change.
  const bool fits = is_last ? left == line.length : left >= line.length;
  if (!fits || hash(p, line.length) != line.hash) return false;
  p += line.length;
  return true;
}

// Whether the sample of the line begins at `p`.
inline bool StartsWith(const TextHash& hash, const LayoutLine& line, const char* p,
                       const char* end) {
  return static_cast<size_t>(end - p) > line.length && hash(p, line.length) == line.hash;
}

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LINE_MATCH_H_
