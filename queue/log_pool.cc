#include "queue/log_pool.h"

#include <utility>

namespace limpet {
namespace {

// Many targets may have no labels of their own; their keys tell them apart.
uint64_t TargetHash(const Labels& labels, uint64_t key) {
  return labels.Hash() ^ (key * 0x9e3779b97f4a7c15);
}

template <typename T>
void PutSeries(const std::shared_ptr<const T>& value, WeakPool<T>& pool) {
  pool.Put(value->content_hash(), value, [&](const T& other) { return other.SameSeries(*value); });
}

template <typename T>
size_t CountUsed(const WeakPool<T>& pool) {
  size_t used = 0;
  pool.ForEach([&](const T&) { ++used; });
  return used;
}

}  // namespace

std::shared_ptr<const SeriesBlock> LogPool::Intern(std::shared_ptr<const SeriesBlock> block) {
  return InternSeries(std::move(block), blocks_);
}

std::shared_ptr<const SeriesChunk> LogPool::Intern(std::shared_ptr<const SeriesChunk> chunk) {
  return InternSeries(std::move(chunk), chunks_);
}

std::shared_ptr<const LogTarget> LogPool::Intern(Labels labels, uint64_t key) {
  const uint64_t hash = TargetHash(labels, key);
  auto known = targets_.Find(
      hash, [&](const LogTarget& other) { return other.key == key && other.labels == labels; });
  if (known != nullptr) return known;
  auto target = NewLogTarget(std::move(labels), key);
  targets_.Add(hash, target);
  return target;
}

void LogPool::Add(const std::shared_ptr<const SeriesBlock>& block) {
  PutSeries(block, blocks_);
  for (const auto& chunk : block->chunks()) PutSeries(chunk, chunks_);
}

void LogPool::Add(const std::shared_ptr<const LogTarget>& target) {
  targets_.Put(TargetHash(target->labels, target->key), target, [&](const LogTarget& other) {
    return other.key == target->key && other.labels == target->labels;
  });
}

size_t LogPool::InUse() const {
  return CountUsed(blocks_) + CountUsed(chunks_) + CountUsed(targets_);
}

}  // namespace limpet
