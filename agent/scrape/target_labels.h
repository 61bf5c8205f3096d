// From what discovery found to a target: its labels, its URL, its interval and its identity.
//
// Who calls it: the scrape manager, on the loop's thread; pure functions.
// Source: Prometheus' PopulateLabels. The target's labels win over its group's, those over the
// job's defaults (job, __scrape_interval__, __scrape_timeout__, __metrics_path__, __scheme__,
// __convert_classic_histograms_to_nhcb__, __always_scrape_classic_histograms__,
// __scrape_native_histograms__, __param_*); then relabel_configs; __meta_* go, instance is
// __address__ where it is not set, other
// __* do not come onto series. No default port is added to the address.
#ifndef LIMPET_AGENT_SCRAPE_TARGET_LABELS_H_
#define LIMPET_AGENT_SCRAPE_TARGET_LABELS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "agent/platform/result.h"
#include "agent/platform/url.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/histogram_settings.h"

namespace limpet {

struct TargetSpec {
  Labels labels;  // those on its series
  Url url;
  Millis interval{0};
  Millis timeout{0};
  HistogramFlags histograms;
  // Of all labels left after relabelling and the URL: what makes it the same target. Stable over
  // restarts.
  uint64_t identity = 0;
};

// Before relabelling: what /api/v1/targets calls discoveredLabels.
Labels DiscoveredLabels(const ScrapeConfig& job, const Labels& group, const Labels& target);

// Nothing where relabelling drops the target; an error where what it leaves is no target.
Result<std::optional<TargetSpec>> MakeTarget(const ScrapeConfig& job, const Labels& discovered);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TARGET_LABELS_H_
