// What scraping does without while memory is scarce, and how often it did.
//
// Who calls it: targets and their series, on the loop's thread.
// A target may be scraped anew as long as there is memory; one whose page is known goes on until
// nothing is scraped any more. A page that needs a new layout is taken, also while memory is
// scarce, where it is not larger than the one it stands in for: so limpet gets out of it when pages
// shrink. A refusal is a failed scrape like any other: up is 0 and the series are stale.
#ifndef LIMPET_AGENT_SCRAPE_MEMORY_GATE_H_
#define LIMPET_AGENT_SCRAPE_MEMORY_GATE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/platform/memory_budget.h"
#include "agent/platform/result.h"
#include "agent/scrape/body_pool.h"

namespace limpet {

// Scrapes refused, by what was refused.
struct MemoryRefusals {
  uint64_t new_targets_total = 0;
  uint64_t new_pages_total = 0;
  uint64_t scrapes_total = 0;
};

class MemoryGate {
 public:
  // Without a budget everything is admitted.
  void Use(MemoryBudget& budget) { budget_ = &budget; }

  // Of an answer, before they are put in the pool: its bound is what the limit has room for.
  void OnBytes(size_t bytes, BodyPool& bodies);

  // Before a request.
  Result<void> AdmitScrape(bool page_is_known);
  // Before a layout is made; known_bytes is the size of the page whose layout it replaces, or 0.
  Result<void> AdmitPage(size_t page_bytes, size_t known_bytes);
  // Whether a target that was refused gives up the layout of a page of that size.
  bool MustForget(size_t page_bytes);
  // Whether a target's error is that of a refusal.
  static bool IsRefusal(std::string_view error);
  const MemoryRefusals& refusals() const { return refusals_; }

 private:
  MemoryBudget* budget_ = nullptr;
  size_t unmeasured_bytes_ = 0;
  MemoryRefusals refusals_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_MEMORY_GATE_H_
