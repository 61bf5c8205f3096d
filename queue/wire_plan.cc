#include "queue/wire_plan.h"

#include <algorithm>
#include <limits>

namespace limpet {

// Walks a series' own labels and the outer ones side by side, both in order of name.
class InterleavePlan::Maker {
 public:
  Maker(const OuterLabels& outer, Unit unit, std::vector<Step>& steps)
      : outer_(outer), unit_(unit), steps_(steps) {}

  // True where nothing was left out.
  bool Series(std::string_view encoded) {
    step_ = State();
    next_ = 0;
    all_ = true;
    std::string_view name;
    std::string_view value;
    for (std::string_view rest = encoded; !rest.empty();) {
      const size_t before = rest.size();
      if (!NextEncodedLabel(rest, name, value)) break;
      while (next_ < outer_.size() && outer_.name(next_) < name) TakeUnrivalled();
      Inner(name, unit_ == Unit::kBytes ? before - rest.size() : 1, value.empty());
    }
    while (next_ < outer_.size()) TakeUnrivalled();
    Flush();
    return all_;
  }

 private:
  struct State {
    size_t inner = 0;
    size_t outer = 0;
    size_t skip = 0;
  };

  bool IsShadowed(size_t i) const {
    return outer_.external(i) && i > 0 && outer_.name(i - 1) == outer_.name(i);
  }
  void TakeUnrivalled() {
    if (IsShadowed(next_)) {
      SkipOuter();
    } else {
      TakeOuter();
    }
  }
  void Inner(std::string_view name, size_t units, bool empty) {
    if (empty) {
      Flush();
      LeaveInnerOut(units);
    } else {
      if (step_.outer + step_.skip > 0) Flush();
      step_.inner += units;
    }
    for (; next_ < outer_.size() && outer_.name(next_) == name; ++next_) {
      const bool taken = empty && outer_.external(next_);
      taken ? AddOuter() : AddSkip();
    }
  }
  void TakeOuter() {
    AddOuter();
    ++next_;
  }
  void SkipOuter() {
    AddSkip();
    ++next_;
  }
  void AddOuter() {
    // A step skips behind what it takes.
    if (step_.skip > 0 || step_.outer == std::numeric_limits<uint8_t>::max()) Flush();
    ++step_.outer;
  }
  void AddSkip() {
    all_ = false;
    if (step_.skip == kLeaveInnerOut - 1) Flush();
    ++step_.skip;
  }
  void Flush() {
    for (; step_.inner > kInnerMax; step_.inner -= kInnerMax) {
      steps_.push_back({static_cast<uint16_t>(kInnerMax), 0, 0});
    }
    if (step_.inner + step_.outer + step_.skip > 0) {
      steps_.push_back({static_cast<uint16_t>(step_.inner), static_cast<uint8_t>(step_.outer),
                        static_cast<uint8_t>(step_.skip)});
    }
    step_ = State();
  }
  void LeaveInnerOut(size_t units) {
    all_ = false;
    while (units > 0) {
      const size_t part = std::min(units, kInnerMax);
      steps_.push_back({static_cast<uint16_t>(part), 0, kLeaveInnerOut});
      units -= part;
    }
  }

  static constexpr size_t kInnerMax = std::numeric_limits<uint16_t>::max();
  const OuterLabels& outer_;
  const Unit unit_;
  std::vector<Step>& steps_;
  State step_;
  size_t next_ = 0;  // the outer label that comes next
  bool all_ = true;
};

InterleavePlan::InterleavePlan(const SeriesBlock& block, const OuterLabels& outer, Unit unit) {
  starts_.reserve(block.size() + 1);
  Maker maker(outer, unit, steps_);
  for (size_t series = 0; series < block.size(); ++series) {
    const auto start = static_cast<uint32_t>(steps_.size());
    starts_.push_back(start | (maker.Series(block.Encoded(series)) ? kAllOfBoth : 0));
  }
  starts_.push_back(static_cast<uint32_t>(steps_.size()));
  steps_.shrink_to_fit();
}

size_t InterleavePlan::SumOfSteps(size_t series, const OuterLabels& outer) const {
  size_t bytes = 0;
  size_t next_outer = 0;
  for (const Step *step = StepsOf(series), *end = StepsOf(series + 1); step != end; ++step) {
    if (step->skip == kLeaveInnerOut) continue;
    bytes += step->inner + outer.Encoded(next_outer, next_outer + step->outer).size();
    next_outer += size_t{step->outer} + step->skip;
  }
  return bytes;
}

const InterleavePlan& PlanCache::Get(const SeriesBlock& block, const OuterLabels& outer,
                                     InterleavePlan::Unit unit) {
  Key key{block.id(), unit, outer.shape(), outer.shape_hash()};
  if (const InterleavePlan* plan = plans_.Find(key)) return *plan;
  InterleavePlan plan(block, outer, unit);
  const size_t bytes = plan.memory_bytes() + sizeof(Key) + outer.shape().size();
  return plans_.Put(key, std::move(plan), bytes);
}

}  // namespace limpet
