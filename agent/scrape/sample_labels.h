// From the labels on a page's line to those of the series: target labels, honor_labels,
// relabelling.
//
// Who calls it: building layouts; the loop's thread.
// Source: Prometheus' scrape loop. honor_labels false: a scraped label that a target label stands
// in the way of becomes exported_NAME, prefixed again until the name is free, shorter names first;
// true: the scraped one wins, an empty one too. Then metric_relabel_configs. Empty values vanish.
#ifndef LIMPET_AGENT_SCRAPE_SAMPLE_LABELS_H_
#define LIMPET_AGENT_SCRAPE_SAMPLE_LABELS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "agent/relabel/relabel.h"

namespace limpet {

// All that, besides the page, decides what the series of a layout are. Targets with the same scope
// and the same page have the same layout.
struct LayoutScope {
  uint64_t id = 0;  // unique in this process
  bool honor_labels = false;
  bool honor_timestamps = true;
  std::shared_ptr<const std::vector<RelabelRule>> rules;  // metric_relabel_configs
  std::vector<std::string> target_names;                  // of the target's labels, ascending
  // True: neither the rules nor honor_labels mix the target's labels with the page's, so these are
  // left out of the layout (the LogTarget has them). False: the layout is one target's own and its
  // series have all labels.
  bool shared = true;
  Labels target_labels;  // only where not shared
};

// The scope of a target with these labels. Scopes that are not shared are equal only to themselves.
std::shared_ptr<const LayoutScope> NewLayoutScope(
    bool honor_labels, bool honor_timestamps, std::shared_ptr<const std::vector<RelabelRule>> rules,
    const Labels& target_labels);

// Whether two shared scopes say the same.
bool SameScope(const LayoutScope& a, const LayoutScope& b);

// The final labels of one sample, in order of name. False: dropped by the rules. An error, which
// fails the scrape: no metric name is left, or a name or value that no series may have.
Result<bool> FinalLabels(const LayoutScope& scope, std::vector<Label> scraped,
                         std::vector<Label>& final_labels);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SAMPLE_LABELS_H_
