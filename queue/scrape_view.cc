#include "queue/scrape_view.h"

#include <atomic>

namespace limpet {

std::shared_ptr<const LogTarget> NewLogTarget(Labels labels, std::optional<uint64_t> key) {
  static std::atomic<uint64_t> last_id{0};
  const uint64_t known_by = key ? *key : labels.Hash();
  return std::make_shared<const LogTarget>(LogTarget{++last_id, known_by, std::move(labels)});
}

}  // namespace limpet
