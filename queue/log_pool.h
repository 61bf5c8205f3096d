// Layouts and targets by content, so that what readers decode shares memory with what is scraped.
//
// Who calls it: Log::Append feeds it, segment decoders intern through it; the loop's thread.
// Operation: it keeps nothing alive (queue/weak_pool.h).
#ifndef LIMPET_QUEUE_LOG_POOL_H_
#define LIMPET_QUEUE_LOG_POOL_H_

#include <cstdint>
#include <memory>

#include "queue/scrape_view.h"
#include "queue/weak_pool.h"

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

  size_t InUse() const;

 private:
  WeakPool<SeriesBlock> blocks_;
  WeakPool<SeriesChunk> chunks_;
  WeakPool<LogTarget> targets_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_POOL_H_
