#include "queue/log_pool.h"

#include <algorithm>
#include <utility>

namespace limpet {
namespace {

template <typename T>
using Pool = std::unordered_multimap<uint64_t, std::weak_ptr<const T>>;

template <typename T, typename Same>
std::weak_ptr<const T>* FindEntry(Pool<T>& pool, uint64_t hash, Same same) {
  auto [at, end] = pool.equal_range(hash);
  for (; at != end; ++at) {
    const std::shared_ptr<const T> found = at->second.lock();
    if (found != nullptr && same(*found)) return &at->second;
  }
  return nullptr;
}

// The entry of what is the same as `value`, else a new one for it.
template <typename T>
std::weak_ptr<const T>& EntryFor(const std::shared_ptr<const T>& value, Pool<T>& pool) {
  const uint64_t hash = value->content_hash();
  auto* same = FindEntry(pool, hash, [&](const T& other) { return other.SameSeries(*value); });
  return same != nullptr ? *same : pool.emplace(hash, value)->second;
}

// Many targets may have no labels of their own; their keys tell them apart.
uint64_t TargetHash(const Labels& labels, uint64_t key) {
  return labels.Hash() ^ (key * 0x9e3779b97f4a7c15);
}

}  // namespace

std::shared_ptr<const SeriesBlock> LogPool::Intern(std::shared_ptr<const SeriesBlock> block) {
  Sweep();
  return EntryFor(block, blocks_).lock();
}

std::shared_ptr<const SeriesChunk> LogPool::Intern(std::shared_ptr<const SeriesChunk> chunk) {
  Sweep();
  return EntryFor(chunk, chunks_).lock();
}

std::shared_ptr<const LogTarget> LogPool::Intern(Labels labels, uint64_t key) {
  const uint64_t hash = TargetHash(labels, key);
  auto* same = FindEntry(targets_, hash, [&](const LogTarget& other) {
    return other.key == key && other.labels == labels;
  });
  if (same != nullptr) return same->lock();
  Sweep();
  auto target = NewLogTarget(std::move(labels), key);
  targets_.emplace(hash, target);
  return target;
}

void LogPool::Add(const std::shared_ptr<const SeriesBlock>& block) {
  Sweep();
  EntryFor(block, blocks_) = block;
  for (const auto& chunk : block->chunks()) EntryFor(chunk, chunks_) = chunk;
}

void LogPool::Add(const std::shared_ptr<const LogTarget>& target) {
  const uint64_t hash = TargetHash(target->labels, target->key);
  auto* same = FindEntry(targets_, hash, [&](const LogTarget& other) {
    return other.key == target->key && other.labels == target->labels;
  });
  if (same != nullptr) {
    *same = target;
    return;
  }
  Sweep();
  targets_.emplace(hash, target);
}

size_t LogPool::InUse() const {
  const auto used = [](const auto& entry) { return !entry.second.expired(); };
  return static_cast<size_t>(std::count_if(blocks_.begin(), blocks_.end(), used) +
                             std::count_if(chunks_.begin(), chunks_.end(), used) +
                             std::count_if(targets_.begin(), targets_.end(), used));
}

void LogPool::Sweep() {
  if (size() < sweep_at_) return;
  const auto unused = [](const auto& entry) { return entry.second.expired(); };
  std::erase_if(blocks_, unused);
  std::erase_if(chunks_, unused);
  std::erase_if(targets_, unused);
  sweep_at_ = std::max<size_t>(64, 2 * size());
}

}  // namespace limpet
