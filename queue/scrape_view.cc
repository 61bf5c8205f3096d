#include "queue/scrape_view.h"

#include <atomic>

namespace limpet {

std::shared_ptr<const LogTarget> NewLogTarget(Labels labels) {
  static std::atomic<uint64_t> last_id{0};
  return std::make_shared<const LogTarget>(LogTarget{++last_id, std::move(labels)});
}

}  // namespace limpet
