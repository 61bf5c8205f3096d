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

bool SameLines(std::span<const LayoutLine> a, std::span<const LayoutLine> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), SameLine);
}

uint64_t HashOfLines(uint64_t seed, std::span<const LayoutLine> lines) {
  uint64_t hash = seed;
  for (const LayoutLine& line : lines) hash = (hash ^ line.hash) * 0x9e3779b97f4a7c15 + line.length;
  return hash;
}

}  // namespace limpet
