// Prometheus' relabelling: every action, its anchored RE2 expressions and Go's expansion of $1,
// ${name}.
//
// Who calls it: config/ compiles rules, scrape/ and queue/ apply them; any thread.
// Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
// and Prometheus 3's behaviour where the text is silent (empty results delete, an invalid target
// name is a no-op, hashmod takes the big-endian last 8 bytes of the MD5).
#ifndef LIMPET_AGENT_RELABEL_RELABEL_H_
#define LIMPET_AGENT_RELABEL_RELABEL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/anchored_regex.h"
#include "agent/relabel/labels.h"

namespace limpet {

enum class RelabelAction {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase,
};

Result<RelabelAction> ParseRelabelAction(std::string_view text);  // any case
std::string_view RelabelActionName(RelabelAction action);

// Where a rule stands in the file that it comes from; 0: in none. It does not make rules different.
struct RelabelRuleLine {
  int number = 0;
  friend bool operator==(const RelabelRuleLine&, const RelabelRuleLine&) { return true; }
};

struct RelabelRule {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  AnchoredRegex regex;
  uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::kReplace;
  RelabelRuleLine line;
  friend bool operator==(const RelabelRule&, const RelabelRule&) = default;
};

// False where the rule drops the set; `labels` is then in no particular state.
bool ApplyRelabelRule(const RelabelRule& rule, LabelsBuilder& labels);
// The same of rules one after the other.
bool ApplyRelabelRules(const std::vector<RelabelRule>& rules, LabelsBuilder& labels);

// Whether the rules can neither read nor change any of the labels of these names: the result for
// the other labels is then the same whatever these labels' values are. May say false where it is
// so.
bool IndependentOf(const std::vector<RelabelRule>& rules, const std::vector<std::string>& names);

}  // namespace limpet

#endif  // LIMPET_AGENT_RELABEL_RELABEL_H_
