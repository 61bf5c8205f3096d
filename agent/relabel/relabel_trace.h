// Relabelling one rule at a time, for whoever wants to see what each of them does.
//
// Who calls it: web/, to explain what became of a target; any thread. It is slower than
// ApplyRelabelRules, which targets and samples go through, and gives the same.
//
//   TraceRelabelRules(rules, discovered, [](const RelabelStep& step) {
//     LabelChanges changes = ChangesOf(step.before, step.after);
//   });
#ifndef LIMPET_AGENT_RELABEL_RELABEL_TRACE_H_
#define LIMPET_AGENT_RELABEL_RELABEL_TRACE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "agent/relabel/labels.h"
#include "agent/relabel/relabel.h"

namespace limpet {

// What one rule does. The references are good during the call.
struct RelabelStep {
  size_t index = 0;
  const RelabelRule& rule;
  bool keep = true;
  const Labels& before;
  const Labels& after;  // none where the rule drops the set
};

// Calls with each rule in turn, that which drops the set being the last.
void TraceRelabelRules(const std::vector<RelabelRule>& rules, const Labels& labels,
                       const std::function<void(const RelabelStep&)>& function);

struct LabelChanges {
  std::vector<Label> set;  // new, or with another value
  std::vector<std::string> removed;
  bool empty() const { return set.empty() && removed.empty(); }
};

LabelChanges ChangesOf(const Labels& before, const Labels& after);

}  // namespace limpet

#endif  // LIMPET_AGENT_RELABEL_RELABEL_TRACE_H_
