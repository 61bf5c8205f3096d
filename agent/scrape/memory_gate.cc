#include "agent/scrape/memory_gate.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace limpet {
namespace {

// What a page takes while its layout is made, the layout included, for each of its bytes.
constexpr uint64_t kBytesPerPageByte = 2;
// Numbers get longer without there being more series.
constexpr size_t kPartOfGrowth = 16;
// Of the limit: what all answers under way may take, and always may; and after how many bytes of
// answers the use is measured again.
constexpr uint64_t kBodiesPart = 4;
constexpr uint64_t kBodiesPartMin = 32;
constexpr uint64_t kMeasurePart = 64;

constexpr std::string_view kRefusalPrefix = "memory is scarce";

Error Refusal(MemoryLevel level, std::string_view what) {
  return Error{std::string(kRefusalPrefix) + " (" + std::string(MemoryLevelText(level)) +
               "): " + std::string(what)};
}

}  // namespace

void MemoryGate::OnBytes(size_t bytes, BodyPool& bodies) {
  if (budget_ == nullptr) return;
  unmeasured_bytes_ += bytes;
  if (unmeasured_bytes_ < budget_->BoundOf(BodyPool::kBytesMax, kMeasurePart)) return;
  unmeasured_bytes_ = 0;
  budget_->Measure();
  // A buffer that grows is there twice for a moment.
  const uint64_t room = budget_->room() / 2;
  const uint64_t bound = budget_->BoundOf(BodyPool::kBytesMax, kBodiesPart);
  const uint64_t bound_min = budget_->BoundOf(BodyPool::kBytesMax, kBodiesPartMin);
  const uint64_t fits = bodies.in_use() + std::min(room, bound);
  bodies.set_bytes_max(static_cast<size_t>(std::clamp(fits, bound_min, bound)));
}

bool MemoryGate::IsRefusal(std::string_view error) { return error.starts_with(kRefusalPrefix); }

bool MemoryGate::MustForget(size_t page_bytes) {
  return budget_ != nullptr && budget_->TakeForget(page_bytes);
}

Result<void> MemoryGate::AdmitScrape(bool page_is_known) {
  if (budget_ == nullptr) return {};
  const MemoryLevel level = budget_->level();
  if (level == MemoryLevel::kNoScrapes) {
    ++refusals_.scrapes_total;
    return Refusal(level, "no target is scraped");
  }
  if (level == MemoryLevel::kNoNewPages && !page_is_known) {
    ++refusals_.new_targets_total;
    return Refusal(level, "no further target is scraped");
  }
  return {};
}

Result<void> MemoryGate::AdmitPage(size_t page_bytes, size_t known_bytes) {
  if (budget_ == nullptr || page_bytes <= known_bytes + known_bytes / kPartOfGrowth) return {};
  const MemoryLevel level = budget_->Measure();
  if (level < MemoryLevel::kNoNewPages && budget_->room() > page_bytes * kBytesPerPageByte) {
    return {};
  }
  ++refusals_.new_pages_total;
  if (level >= MemoryLevel::kNoNewPages) {
    return Refusal(MemoryLevel::kNoNewPages, "no page with more series than before is taken");
  }
  return Error{std::string(kRefusalPrefix) + ": not enough is left for a new page of " +
               std::to_string(page_bytes) + " bytes"};
}

}  // namespace limpet
