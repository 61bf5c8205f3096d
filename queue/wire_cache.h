// A bounded map of things that are cheap to make again and go out of use without a word.
//
// Who calls it: the senders; one thread at a time.
// Operation: two generations. What is used moves into the young one; when that is full, or old
// enough, it becomes the old one and the former old one goes. So what was not used for one to two
// `period`s is gone, and never more than `bytes_max` are kept, the newest value apart. References
// are good until the next Put or Expire.
#ifndef LIMPET_QUEUE_WIRE_CACHE_H_
#define LIMPET_QUEUE_WIRE_CACHE_H_

#include <cstddef>
#include <unordered_map>
#include <utility>

#include "agent/platform/clock.h"

namespace limpet {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class WireCache {
 public:
  WireCache(const Clock& clock, size_t bytes_max, Millis period)
      : clock_(clock), bytes_max_(bytes_max), period_(period), turned_(clock.Now()) {}

  // Null where it is not there.
  const Value* Find(const Key& key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second.value;
    const auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    young_bytes_ += found->second.bytes;
    old_bytes_ -= found->second.bytes;
    const auto moved = young_.insert(old_.extract(found));
    return &moved.position->second.value;
  }

  const Value& Put(const Key& key, Value value, size_t bytes) {
    Expire();
    if (young_bytes_ + bytes > bytes_max_ / 2) Turn();
    const auto [at, added] = young_.insert_or_assign(key, Entry{std::move(value), bytes});
    if (added) young_bytes_ += bytes;
    return at->second.value;
  }

  // Drops what is out of use; called now and then, since a cache that is not used cannot do it
  // itself.
  void Expire() {
    if (clock_.Now() - turned_ >= period_) Turn();
  }
  size_t bytes() const { return young_bytes_ + old_bytes_; }
  size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Entry {
    Value value;
    size_t bytes;
  };
  using Map = std::unordered_map<Key, Entry, Hash>;

  void Turn() {
    turned_ = clock_.Now();
    old_ = std::exchange(young_, Map());
    old_bytes_ = std::exchange(young_bytes_, 0);
  }

  const Clock& clock_;
  const size_t bytes_max_;
  const Millis period_;
  SteadyTime turned_;
  Map young_;
  Map old_;
  size_t young_bytes_ = 0;
  size_t old_bytes_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_CACHE_H_
