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
#include "agent/scrape/histogram_settings.h"
#include "agent/scrape/report_series.h"

namespace limpet {

// What a job's configuration says of how its samples become series.
struct SeriesSettings {
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool extra_metrics = false;
  // 0: none. They hold for the labels as delivered, the target's included.
  uint64_t label_limit = 0;
  uint64_t label_name_length_limit = 0;
  uint64_t label_value_length_limit = 0;
  std::shared_ptr<const std::vector<RelabelRule>> rules;  // metric_relabel_configs
  HistogramSettings histograms;
};
bool operator==(const SeriesSettings& a, const SeriesSettings& b);

// All that, besides the page, decides what the series of a layout are. Targets with the same scope
// and the same page have the same layout.
struct LayoutScope : SeriesSettings {
  uint64_t id = 0;                        // unique in this process
  std::vector<std::string> target_names;  // of the target's labels, ascending
  size_t report_series() const {
    return extra_metrics ? kExtraReportSeriesCount : kReportSeriesCount;
  }
  // True: the rules do not mix the target's labels with the page's, so these are left out of the
  // layout (the LogTarget has them). False: the layout is one target's own and its series have all
  // labels.
  bool shared = true;
  Labels target_labels;  // only where not shared
};

// The scope of a target with these labels. Scopes that are not shared are equal only to themselves.
std::shared_ptr<const LayoutScope> NewLayoutScope(SeriesSettings settings,
                                                  const Labels& target_labels);
std::shared_ptr<const LayoutScope> NewLayoutScope(
    bool honor_labels, bool honor_timestamps, std::shared_ptr<const std::vector<RelabelRule>> rules,
    const Labels& target_labels);

// The same for that target alone, with its labels in its series.
std::shared_ptr<const LayoutScope> OwnScope(const LayoutScope& shared, const Labels& target_labels);

// Whether two shared scopes say the same.
bool SameScope(const LayoutScope& a, const LayoutScope& b);

// Whether the scraped labels win over some of the target's (honor_labels). With those of a shared
// scope they may make a series that another line makes, too: only whole label sets tell.
bool NeedOwnScope(const LayoutScope& scope, const std::vector<Label>& scraped);

// The final labels of one sample, in order of name. False: dropped by the rules. An error, which
// fails the scrape: no metric name is left, a name or value that no series may have, or more than
// the limits allow.
Result<bool> FinalLabels(const LayoutScope& scope, std::vector<Label> scraped,
                         std::vector<Label>& final_labels);

// The same for labels as they were decoded, well or not. Where a name is empty or there twice the
// scrape fails, as in Prometheus, only if the rules leave it in the series. (One with an empty
// value counts as left.) A name that is not UTF-8 fails it in any case.
Result<bool> FinalLabels(const LayoutScope& scope, const Result<void>& decoded,
                         std::vector<Label> scraped, std::vector<Label>& final_labels);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SAMPLE_LABELS_H_
