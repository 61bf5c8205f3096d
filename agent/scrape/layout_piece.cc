#include "agent/scrape/layout_piece.h"

#include <algorithm>

namespace limpet {
namespace {

// About a hundred lines on average.
constexpr size_t kLinesMin = 48;
constexpr size_t kLinesMax = 512;
constexpr uint64_t kCutMask = 63;

}  // namespace

size_t FirstPieceOf(std::span<const LayoutLine> lines) {
  const size_t most = std::min(lines.size(), kLinesMax);
  for (size_t i = kLinesMin; i < most; ++i) {
    // The hash's high bits, for a map may go by the low ones.
    if (!lines[i - 1].slot.is_gap() && (lines[i - 1].hash >> 32 & kCutMask) == 0) return i;
  }
  return most;
}

}  // namespace limpet
