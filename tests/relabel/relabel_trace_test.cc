#include "agent/relabel/relabel_trace.h"

#include <doctest/doctest.h>

namespace limpet {
namespace {

struct Step {
  size_t index;
  bool keep;
  Labels before;
  Labels after;
};

std::vector<Step> Trace(const std::vector<RelabelRule>& rules, const Labels& labels) {
  std::vector<Step> steps;
  TraceRelabelRules(rules, labels, [&](const RelabelStep& step) {
    CHECK(step.rule == rules.at(step.index));
    steps.push_back({step.index, step.keep, step.before, step.after});
  });
  return steps;
}

RelabelRule TracedRule(RelabelAction action, std::vector<std::string> source_labels,
                       const std::string& regex, const std::string& target_label = "") {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(source_labels);
  rule.regex = *AnchoredRegex::Compile(regex);
  rule.target_label = target_label;
  return rule;
}

TEST_CASE("each rule is shown with the labels before and after it, up to the one that drops") {
  const std::vector<RelabelRule> rules = {
      TracedRule(RelabelAction::kReplace, {"a"}, "(.*)", "b"),
      TracedRule(RelabelAction::kLabelDrop, {}, "a"),
      TracedRule(RelabelAction::kDrop, {"b"}, "x"),
      TracedRule(RelabelAction::kReplace, {"b"}, "(.*)", "c"),
  };
  const std::vector<Step> kept = Trace(rules, Labels{{"a", "1"}});
  REQUIRE(kept.size() == 4);
  CHECK(kept[0].before == Labels{{"a", "1"}});
  CHECK(kept[0].after == Labels{{"a", "1"}, {"b", "1"}});
  CHECK(kept[1].after == Labels{{"b", "1"}});
  CHECK(kept[2].before == kept[2].after);
  CHECK(kept[3].after == Labels{{"b", "1"}, {"c", "1"}});

  const std::vector<Step> dropped = Trace(rules, Labels{{"a", "x"}});
  REQUIRE(dropped.size() == 3);
  CHECK(dropped[1].keep);
  CHECK_FALSE(dropped[2].keep);
  CHECK(dropped[2].index == 2);
  CHECK(dropped[2].before == Labels{{"b", "x"}});
  CHECK(dropped[2].after.empty());
}

TEST_CASE("no rules are no steps") { CHECK(Trace({}, Labels{{"a", "1"}}).empty()); }

TEST_CASE("it ends where applying all rules ends") {
  const std::vector<RelabelRule> rules = {
      TracedRule(RelabelAction::kLabelMap, {}, "__meta_(.+)"),
      TracedRule(RelabelAction::kUppercase, {"pod"}, "(.*)", "up"),
      TracedRule(RelabelAction::kLabelKeep, {}, "pod|up"),
  };
  const Labels labels{{"__meta_pod", "a"}, {"__address__", "h"}};
  LabelsBuilder all(labels);
  REQUIRE(ApplyRelabelRules(rules, all));
  // A mapped label is there for the rules behind the one that maps it.
  CHECK(Trace(rules, labels).back().after == all.Build());
  CHECK(all.Build() == Labels{{"pod", "a"}, {"up", "A"}});
}

TEST_CASE("changes are what is new, other or gone") {
  const Labels before{{"b", "1"}, {"c", "2"}, {"e", "3"}, {"z", "4"}};
  const Labels after{{"a", "0"}, {"b", "1"}, {"c", "9"}, {"f", "5"}};
  const LabelChanges changes = ChangesOf(before, after);
  CHECK(changes.set == std::vector<Label>{{"a", "0"}, {"c", "9"}, {"f", "5"}});
  CHECK(changes.removed == std::vector<std::string>{"e", "z"});
  CHECK(ChangesOf(before, before).empty());
  CHECK(ChangesOf(before, Labels()).removed.size() == 4);
  CHECK(ChangesOf(Labels(), after).set.size() == 4);
}

TEST_CASE("where a rule stands makes it no other rule") {
  RelabelRule one = TracedRule(RelabelAction::kDrop, {"a"}, "x");
  RelabelRule other = one;
  other.line.number = 7;
  CHECK(one == other);
}

}  // namespace
}  // namespace limpet
