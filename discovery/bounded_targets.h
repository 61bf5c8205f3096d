// The targets of a group, up to a bound: what an object says once stands in each of its targets, so
// that a hostile one of a megabyte could otherwise become gigabytes.
//
// Who calls it: the makers of target groups in discovery/, on the loop's thread.
// Limits: 64 MiB of label text a group; further targets are left out and RelatedObjects told.
#ifndef LIMPET_DISCOVERY_BOUNDED_TARGETS_H_
#define LIMPET_DISCOVERY_BOUNDED_TARGETS_H_

#include <utility>
#include <vector>

#include "discovery/related_objects.h"
#include "discovery/target_group.h"

namespace limpet {

class BoundedTargets {
 public:
  static constexpr size_t kBytesMax = 64u << 20;

  BoundedTargets(TargetGroup& group, RelatedObjects& related) : group_(group), related_(related) {}

  void Add(std::vector<Label> labels) {
    for (const Label& label : labels) bytes_ += label.name.size() + label.value.size();
    if (full()) return related_.NoteCut();
    group_.targets.emplace_back(std::move(labels));
  }
  bool full() const { return bytes_ > kBytesMax; }

 private:
  TargetGroup& group_;
  RelatedObjects& related_;
  size_t bytes_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_BOUNDED_TARGETS_H_
