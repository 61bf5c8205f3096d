#include "agent/scrape/sample_labels.h"

#include <algorithm>
#include <utility>

#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

bool HasName(const std::vector<std::string>& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

uint64_t NextScopeId() {
  static uint64_t last_id = 0;
  return ++last_id;
}

// Gives way to the target's labels: moves what has one of their names to exported_NAME.
void ResolveConflicts(const LayoutScope& scope, LabelsBuilder& labels) {
  std::vector<Label> conflicts;
  for (const std::string& name : scope.target_names) {
    const std::string_view value = labels.Get(name);
    if (!value.empty()) conflicts.push_back({name, std::string(value)});
  }
  for (const Label& label : conflicts) labels.Del(label.name);
  std::stable_sort(conflicts.begin(), conflicts.end(),
                   [](const Label& a, const Label& b) { return a.name.size() < b.name.size(); });
  for (const Label& label : conflicts) {
    std::string name = label.name;
    do {
      name = "exported_" + name;
    } while (!labels.Get(name).empty() || HasName(scope.target_names, name));
    labels.Set(name, label.value);
  }
}

std::string LimitText(uint64_t length, uint64_t limit) {
  return " (" + std::to_string(length) + ", the limit is " + std::to_string(limit) + ")";
}

Result<void> CheckLengths(const SeriesSettings& settings, const Label& label) {
  const uint64_t name_max = settings.label_name_length_limit;
  if (name_max != 0 && label.name.size() > name_max) {
    return Error{"label_name_length_limit exceeded by " + QuotedExcerpt(label.name) +
                 LimitText(label.name.size(), name_max)};
  }
  const uint64_t value_max = settings.label_value_length_limit;
  if (value_max != 0 && label.value.size() > value_max) {
    return Error{"label_value_length_limit exceeded by the value of " + QuotedExcerpt(label.name) +
                 LimitText(label.value.size(), value_max)};
  }
  return {};
}

Result<void> CheckLimits(const LayoutScope& scope, const std::vector<Label>& labels) {
  if (scope.label_limit != 0) {
    size_t count = labels.size();
    if (scope.shared) {
      // The target's labels come on top, but for those that the series has itself.
      count += scope.target_names.size();
      for (const Label& label : labels) count -= HasName(scope.target_names, label.name) ? 1 : 0;
    }
    if (count > scope.label_limit) {
      return Error{"label_limit exceeded" + LimitText(count, scope.label_limit)};
    }
  }
  for (const Label& label : labels) {
    if (auto good = CheckLengths(scope, label); !good) return good.error();
  }
  return {};
}

Result<void> CheckSeries(const LayoutScope& scope, const std::vector<Label>& labels) {
  bool has_name = false;
  for (const Label& label : labels) {
    if (!IsUtf8Name(label.name)) {
      return Error{"invalid label name " + QuotedExcerpt(label.name)};
    }
    if (!IsValidUtf8(label.value)) {
      return Error{"invalid value of the label " + QuotedExcerpt(label.name)};
    }
    has_name = has_name || label.name == "__name__";
  }
  if (!has_name) {
    if (!scope.shared && labels.empty()) return {};
    return Error{"missing metric name (__name__ label)"};
  }
  return CheckLimits(scope, labels);
}

}  // namespace

bool operator==(const SeriesSettings& a, const SeriesSettings& b) {
  return a.honor_labels == b.honor_labels && a.honor_timestamps == b.honor_timestamps &&
         a.track_timestamps_staleness == b.track_timestamps_staleness &&
         a.extra_metrics == b.extra_metrics && a.label_limit == b.label_limit &&
         a.label_name_length_limit == b.label_name_length_limit &&
         a.label_value_length_limit == b.label_value_length_limit && a.histograms == b.histograms &&
         (a.rules == b.rules || *a.rules == *b.rules);
}

std::shared_ptr<const LayoutScope> NewLayoutScope(
    bool honor_labels, bool honor_timestamps, std::shared_ptr<const std::vector<RelabelRule>> rules,
    const Labels& target_labels) {
  SeriesSettings settings;
  settings.honor_labels = honor_labels;
  settings.honor_timestamps = honor_timestamps;
  settings.rules = std::move(rules);
  return NewLayoutScope(std::move(settings), target_labels);
}

std::shared_ptr<const LayoutScope> NewLayoutScope(SeriesSettings settings,
                                                  const Labels& target_labels) {
  auto scope = std::make_shared<LayoutScope>();
  static_cast<SeriesSettings&>(*scope) = std::move(settings);
  scope->id = NextScopeId();
  for (const Label& label : target_labels) scope->target_names.push_back(label.name);
  scope->shared = IndependentOf(*scope->rules, scope->target_names);
  // A target whose own labels are too long fails by itself.
  for (const Label& label : target_labels) {
    if (!CheckLengths(*scope, label)) scope->shared = false;
  }
  if (!scope->shared) scope->target_labels = target_labels;
  return scope;
}

std::shared_ptr<const LayoutScope> OwnScope(const LayoutScope& shared,
                                            const Labels& target_labels) {
  auto scope = std::make_shared<LayoutScope>(shared);
  scope->id = NextScopeId();
  scope->shared = false;
  scope->target_labels = target_labels;
  return scope;
}

bool NeedOwnScope(const LayoutScope& scope, const std::vector<Label>& scraped) {
  return scope.honor_labels && scope.shared &&
         std::any_of(scraped.begin(), scraped.end(),
                     [&](const Label& label) { return HasName(scope.target_names, label.name); });
}

bool SameScope(const LayoutScope& a, const LayoutScope& b) {
  return a.shared && b.shared && a.target_names == b.target_names &&
         static_cast<const SeriesSettings&>(a) == static_cast<const SeriesSettings&>(b);
}

Result<bool> FinalLabels(const LayoutScope& scope, std::vector<Label> scraped,
                         std::vector<Label>& final_labels) {
  std::vector<std::string> emptied;
  if (scope.honor_labels) {
    for (const Label& label : scraped) {
      if (label.value.empty() && HasName(scope.target_names, label.name)) {
        emptied.push_back(label.name);
      }
    }
  }
  LabelsBuilder labels{Labels(std::move(scraped))};
  if (!scope.honor_labels) ResolveConflicts(scope, labels);
  for (const Label& label : scope.target_labels) {
    const bool taken = !labels.Get(label.name).empty() ||
                       std::find(emptied.begin(), emptied.end(), label.name) != emptied.end();
    if (!taken) labels.Set(label.name, label.value);
  }
  if (!ApplyRelabelRules(*scope.rules, labels)) return false;
  final_labels = labels.labels();
  if (auto valid = CheckSeries(scope, final_labels); !valid) return valid.error();
  if (final_labels.empty()) return false;
  return true;
}

Result<bool> FinalLabels(const LayoutScope& scope, const Result<void>& decoded,
                         std::vector<Label> scraped, std::vector<Label>& final_labels) {
  if (decoded) return FinalLabels(scope, std::move(scraped), final_labels);
  if (scraped.empty()) return decoded.error();
  std::stable_sort(scraped.begin(), scraped.end(),
                   [](const Label& a, const Label& b) { return a.name < b.name; });
  // Of labels with one name the rules see the first.
  std::vector<Label> first;
  std::vector<std::string> twice;
  bool is_left = false;
  for (Label& label : scraped) {
    // No regular expression matches it.
    if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value)) return decoded.error();
    const bool is_repeated = !first.empty() && first.back().name == label.name;
    const bool is_wrong = is_repeated || !IsUtf8Name(label.name);
    is_left =
        is_left || (is_wrong && label.value.empty()) || (is_repeated && first.back().value.empty());
    if (is_repeated) {
      twice.push_back(std::move(label.name));
    } else {
      first.push_back(std::move(label));
    }
  }
  const Result<bool> kept = FinalLabels(scope, std::move(first), final_labels);
  if (!kept) return decoded.error();
  if (!*kept) return false;
  is_left = is_left || std::any_of(twice.begin(), twice.end(), [&](const std::string& name) {
              return HasName(scope.target_names, name) ||
                     std::any_of(final_labels.begin(), final_labels.end(),
                                 [&](const Label& label) { return label.name == name; });
            });
  if (is_left) return decoded.error();
  return true;
}

}  // namespace limpet
