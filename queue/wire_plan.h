// Where the outer labels go between those of each series of a layout, found once and then replayed.
//
// Who calls it: the senders; one thread at a time (a plan itself is immutable).
// Which label wins, as Prometheus has it: a series' own over the target's over the external ones. A
// series' own label with an empty value is not delivered; it keeps the target's label of that name
// away (honor_labels), after which the external one applies.
// A plan depends on the layout and on OuterLabels::shape(), not on the outer labels' values, so one
// serves all targets that share a layout. It takes about 10 bytes a series.
#ifndef LIMPET_QUEUE_WIRE_PLAN_H_
#define LIMPET_QUEUE_WIRE_PLAN_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/platform/clock.h"
#include "queue/series_block.h"
#include "queue/wire.h"
#include "queue/wire_cache.h"

namespace limpet {

class InterleavePlan {
 public:
  enum class Unit : uint8_t { kBytes, kLabels };
  // Copies `inner` units of the series' own labels, then `outer` outer labels, then leaves `skip`
  // outer ones out. With skip == kLeaveInnerOut the `inner` units are left out instead.
  struct Step {
    uint16_t inner;
    uint8_t outer;
    uint8_t skip;
  };
  static constexpr uint8_t kLeaveInnerOut = 0xFF;

  InterleavePlan(const SeriesBlock& block, const OuterLabels& outer, Unit unit = Unit::kBytes);

  std::span<const Step> steps(size_t series) const {
    return {StepsOf(series), StepsOf(series + 1)};
  }

  // For a plan in bytes.
  // Bytes of a series' delivered labels.
  size_t LabelBytes(size_t series, size_t inner_bytes, const OuterLabels& outer) const {
    if ((starts_[series] & kAllOfBoth) != 0) return inner_bytes + outer.bytes();
    return SumOfSteps(series, outer);
  }
  // Writes them; returns the end. There must be room for LabelBytes.
  char* WriteLabels(size_t series, const char* inner, const OuterLabels& outer, char* out) const;

  size_t memory_bytes() const {
    return sizeof(*this) + steps_.capacity() * sizeof(Step) + starts_.capacity() * sizeof(uint32_t);
  }

 private:
  class Maker;
  // Set in a start: nothing is left out of this series, so that its size is known at once.
  static constexpr uint32_t kAllOfBoth = 1u << 31;

  const Step* StepsOf(size_t series) const {
    return steps_.data() + (starts_[series] & ~kAllOfBoth);
  }
  size_t SumOfSteps(size_t series, const OuterLabels& outer) const;
  std::vector<Step> steps_;
  std::vector<uint32_t> starts_;  // one more than there are series
};

inline char* InterleavePlan::WriteLabels(size_t series, const char* inner, const OuterLabels& outer,
                                         char* out) const {
  size_t next_outer = 0;
  for (const Step *step = StepsOf(series), *end = StepsOf(series + 1); step != end; ++step) {
    if (step->skip == kLeaveInnerOut) {
      inner += step->inner;
      continue;
    }
    std::memcpy(out, inner, step->inner);
    inner += step->inner;
    out += step->inner;
    const std::string_view labels = outer.Encoded(next_outer, next_outer + step->outer);
    std::memcpy(out, labels.data(), labels.size());
    out += labels.size();
    next_outer += size_t{step->outer} + step->skip;
  }
  return out;
}

// The plans in use, for all senders together.
class PlanCache {
 public:
  static constexpr size_t kBytesMax = 4u << 20;
  static constexpr Millis kPeriod{10 * 60 * 1000};

  explicit PlanCache(const Clock& clock, size_t bytes_max = kBytesMax)
      : plans_(clock, bytes_max, kPeriod) {}

  // Good until the next call.
  const InterleavePlan& Get(const SeriesBlock& block, const OuterLabels& outer,
                            InterleavePlan::Unit unit = InterleavePlan::Unit::kBytes);
  void Expire() { plans_.Expire(); }
  size_t size() const { return plans_.size(); }

 private:
  struct Key {
    uint64_t block;
    InterleavePlan::Unit unit;
    std::string shape;
    uint64_t shape_hash;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return key.shape_hash ^
             ((2 * key.block + static_cast<size_t>(key.unit)) * 0x9E3779B97F4A7C15u);
    }
  };
  WireCache<Key, InterleavePlan, KeyHash> plans_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_PLAN_H_
