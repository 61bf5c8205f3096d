// How long to wait before the next try: longer after each failure, never the same for two clients.
//
// Who calls it: KubernetesWatch, on the loop's thread.
// Operation: the n-th delay in a row is drawn from [d/2, d] with d = 2^n * min, so at least `min`
// and at most `max`.
#ifndef LIMPET_DISCOVERY_BACKOFF_H_
#define LIMPET_DISCOVERY_BACKOFF_H_

#include <algorithm>
#include <random>

#include "agent/platform/clock.h"

namespace limpet {

class Backoff {
 public:
  Backoff(Millis min, Millis max) : min_(min), max_(std::max(min, max)) {}

  Millis Next() {
    next_ = next_ == Millis(0) ? 2 * min_ : 2 * next_;
    next_ = std::min(next_, max_);
    return std::max(min_, Between(next_ / 2, next_));
  }
  void Reset() { next_ = Millis(0); }
  // A random duration from `low` to `high`, both included.
  Millis Between(Millis low, Millis high) {
    return Millis(std::uniform_int_distribution<Millis::rep>(low.count(), high.count())(random_));
  }

 private:
  const Millis min_;
  const Millis max_;
  Millis next_{0};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_BACKOFF_H_
