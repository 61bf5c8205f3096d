#include "queue/distinct_counter.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace limpet {
namespace {

constexpr int kIndexBits = 14;
constexpr size_t kRegisters = size_t{1} << kIndexBits;

}  // namespace

void DistinctCounter::Add(uint64_t hash) {
  if (!exact()) return Register(hash);
  seen_.insert(hash);
  if (seen_.size() <= kExactMax) return;
  registers_.resize(kRegisters);
  for (const uint64_t one : seen_) Register(one);
  seen_ = {};
}

void DistinctCounter::Register(uint64_t hash) {
  uint8_t& longest = registers_[hash >> (64 - kIndexBits)];
  // The bit set at the end bounds the run where all others are zero.
  const uint64_t rest = hash << kIndexBits | uint64_t{1} << (kIndexBits - 1);
  longest = std::max(longest, static_cast<uint8_t>(std::countl_zero(rest) + 1));
}

uint64_t DistinctCounter::count() const {
  if (exact()) return seen_.size();
  // Flajolet et al. 2007; so many were added that its correction for small counts is never due.
  double sum = 0;
  for (const uint8_t longest : registers_) sum += std::ldexp(1.0, -longest);
  constexpr double kCount = kRegisters;
  constexpr double kAlpha = 0.7213 / (1 + 1.079 / kCount);
  return static_cast<uint64_t>(std::llround(kAlpha * kCount * kCount / sum));
}

}  // namespace limpet
