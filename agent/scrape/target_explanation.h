// What has become of a target that discovery has found: scraped, or why not.
//
// Who calls it: ScrapeManager::Explain makes it when somebody asks, web/ shows it; the loop's
// thread. Nothing of it is kept. It is made by the functions that make targets.
#ifndef LIMPET_AGENT_SCRAPE_TARGET_EXPLANATION_H_
#define LIMPET_AGENT_SCRAPE_TARGET_EXPLANATION_H_

#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/scrape_manager.h"

namespace limpet {

enum class TargetFate {
  kScraped,
  kDuplicate,  // of another discovered one with the same labels and URL, which is scraped
  kRefused,    // it is a target, and not scraped: target_limit, or want of memory
  kStandby,    // it is a target, and another replica holds the lease
  kOtherShard,
  kInvalid,  // relabelling left what cannot be scraped: no address, a timeout above the interval
  kDropped,  // by relabelling
  kPending,  // it is about to become a target
};
inline constexpr std::string_view kTargetFateNames[] = {
    "scraped", "duplicate", "refused", "standby", "other_shard", "invalid", "dropped", "pending"};

// The references are good during the call.
struct TargetExplanation {
  const ScrapeConfig& job;
  const Labels& discovered;  // with the job's defaults: what relabelling begins with
  TargetFate fate = TargetFate::kPending;
  std::string error = {};  // of all but kScraped, kDuplicate and kDropped
  const TargetStatus* status =
      nullptr;  // of kScraped, kRefused, kStandby and of the one it is a kDuplicate of
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TARGET_EXPLANATION_H_
