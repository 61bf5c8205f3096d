// Layouts and targets by content, so that what readers decode shares memory with what is scraped.
//
// Who calls it: Log::Append feeds it, segment decoders intern through it; the loop's thread.
// Operation: it keeps nothing alive. What nobody uses any more is swept when the pool has doubled.
#ifndef LIMPET_QUEUE_LOG_POOL_H_
#define LIMPET_QUEUE_LOG_POOL_H_

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "queue/scrape_view.h"

namespace limpet {

class LogPool {
 public:
  // The one with the same content that is in use already, else the given one.
  std::shared_ptr<const SeriesBlock> Intern(std::shared_ptr<const SeriesBlock> block);
  std::shared_ptr<const SeriesChunk> Intern(std::shared_ptr<const SeriesChunk> chunk);
  std::shared_ptr<const LogTarget> Intern(Labels labels, uint64_t key);
  // Later look-ups find this one, also where another with the same content is in use; the same goes
  // for a block's chunks.
  void Add(const std::shared_ptr<const SeriesBlock>& block);
  void Add(const std::shared_ptr<const LogTarget>& target);

  size_t size() const { return blocks_.size() + chunks_.size() + targets_.size(); }
  size_t InUse() const;

 private:
  void Sweep();
  std::unordered_multimap<uint64_t, std::weak_ptr<const SeriesBlock>> blocks_;
  std::unordered_multimap<uint64_t, std::weak_ptr<const SeriesChunk>> chunks_;
  std::unordered_multimap<uint64_t, std::weak_ptr<const LogTarget>> targets_;
  size_t sweep_at_ = 64;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_POOL_H_
