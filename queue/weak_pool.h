// Immutable values by a hash of their content, found as long as somebody uses them.
//
// Who calls it: what shares layouts, their parts and targets; one thread at a time.
// Operation: it keeps nothing alive. What nobody uses any more is swept when the pool has doubled.
//
//   if (auto known = pool.Find(hash, same)) return known;
//   pool.Add(hash, value);
#ifndef LIMPET_QUEUE_WEAK_POOL_H_
#define LIMPET_QUEUE_WEAK_POOL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace limpet {

template <typename T>
class WeakPool {
 public:
  using Value = std::shared_ptr<const T>;

  // The one of that hash for which `same` holds; null where none is in use.
  template <typename Same>
  Value Find(uint64_t hash, Same same) const {
    const auto [first, last] = values_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
      Value value = it->second.lock();
      if (value != nullptr && same(*value)) return value;
    }
    return nullptr;
  }

  void Add(uint64_t hash, const Value& value) {
    Sweep();
    values_.emplace(hash, value);
  }

  // Later look-ups find this one, also where another for which `same` holds is in use.
  template <typename Same>
  void Put(uint64_t hash, const Value& value, Same same) {
    const auto [first, last] = values_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
      const Value known = it->second.lock();
      if (known == nullptr || !same(*known)) continue;
      it->second = value;
      return;
    }
    Add(hash, value);
  }

  // Those in use.
  template <typename F>
  void ForEach(F&& function) const {
    for (const auto& [hash, entry] : values_) {
      if (const Value value = entry.lock()) function(*value);
    }
  }

 private:
  static constexpr size_t kSweepMin = 64;

  void Sweep() {
    if (values_.size() < sweep_at_) return;
    std::erase_if(values_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max(kSweepMin, 2 * values_.size());
  }

  std::unordered_multimap<uint64_t, std::weak_ptr<const T>> values_;
  size_t sweep_at_ = kSweepMin;
};

// The value with the same series that is in use, else this one, which the pool then has.
template <typename T>
std::shared_ptr<const T> InternSeries(std::shared_ptr<const T> value, WeakPool<T>& pool) {
  const uint64_t hash = value->content_hash();
  auto known = pool.Find(hash, [&](const T& other) { return other.SameSeries(*value); });
  if (known != nullptr) return known;
  pool.Add(hash, value);
  return value;
}

}  // namespace limpet

#endif  // LIMPET_QUEUE_WEAK_POOL_H_
