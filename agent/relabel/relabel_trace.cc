#include "agent/relabel/relabel_trace.h"

#include <utility>

namespace limpet {

void TraceRelabelRules(const std::vector<RelabelRule>& rules, const Labels& labels,
                       const std::function<void(const RelabelStep&)>& function) {
  LabelsBuilder builder(labels);
  Labels before = labels;
  for (size_t i = 0; i < rules.size(); ++i) {
    const bool keep = ApplyRelabelRule(rules[i], builder);
    Labels after = keep ? builder.Build() : Labels();
    function({i, rules[i], keep, before, after});
    if (!keep) return;
    before = std::move(after);
  }
}

LabelChanges ChangesOf(const Labels& before, const Labels& after) {
  LabelChanges changes;
  auto old = before.begin();
  for (const Label& label : after) {
    for (; old != before.end() && old->name < label.name; ++old) {
      changes.removed.push_back(old->name);
    }
    if (old == before.end() || old->name != label.name) {
      changes.set.push_back(label);
      continue;
    }
    if (old->value != label.value) changes.set.push_back(label);
    ++old;
  }
  for (; old != before.end(); ++old) changes.removed.push_back(old->name);
  return changes;
}

}  // namespace limpet
