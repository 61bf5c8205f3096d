#include "queue/sender_sift.h"

#include <algorithm>

namespace limpet {
namespace {

constexpr int kHalvingsMax = 64;
// Half as many halvings do for what is refused as a whole.
constexpr uint64_t kSteps = 32;
constexpr int kScrapeHalvingsMax = 1024;

bool IsOneScrape(const Batch& part) { return part.oldest_ms == part.newest_ms; }

}  // namespace

bool SenderSift::Search::MayGiveUp(const Batch& part, uint64_t samples_of_all) {
  const uint64_t step_max = (samples_of_all + kSteps - 1) / kSteps;
  const uint64_t step = std::max<uint64_t>(std::min(refused_in_a_row / 2, step_max), 1);
  if (part.samples > step && halvings < kHalvingsMax) {
    ++halvings;
    return false;
  }
  refused_in_a_row += part.samples;
  return true;
}

bool SenderSift::MayGiveUp(const Batch& part) {
  if (!at_scrapes_) return search_.MayGiveUp(part, samples_);
  if (!IsOneScrape(part)) return part.samples <= 1 || ++halvings_ > kScrapeHalvingsMax;
  EnterScrape(part);
  return refused_before_ || search_.MayGiveUp(part, scrape_samples_);
}

void SenderSift::OnTaken(const Batch& part) {
  search_.refused_in_a_row = 0;
  if (!at_scrapes_) return;
  if (IsOneScrape(part)) EnterScrape(part);
  scrape_refused_ = false;
  if (IsOneScrape(part)) return;
  scrape_ms_ = INT64_MIN;
  refused_before_ = false;
}

void SenderSift::EnterScrape(const Batch& part) {
  if (part.oldest_ms == scrape_ms_) return;
  refused_before_ = scrape_ms_ != INT64_MIN && scrape_refused_;
  scrape_ms_ = part.oldest_ms;
  scrape_samples_ = part.samples;
  scrape_refused_ = true;
  search_ = {};
}

}  // namespace limpet
