// A monitor object translated, its Secrets at hand, and what its rules make of a target.
#ifndef LIMPET_TESTS_DISCOVERY_MONITOR_FIXTURE_H_
#define LIMPET_TESTS_DISCOVERY_MONITOR_FIXTURE_H_

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/relabel/relabel.h"
#include "discovery/monitor_translation.h"

namespace limpet {

class MonitorFixture : public MonitorReferences {
 public:
  Answer Find(const MonitorReference& reference, std::string_view key) override {
    asked_.insert(reference.ToString());
    if (unlisted_.contains(reference)) return {};
    const auto object = values_.find(reference);
    if (object == values_.end()) return {Answer::State::kNoObject, {}};
    const auto value = object->second.find(std::string(key));
    if (value == object->second.end()) return {Answer::State::kNoKey, {}};
    return {Answer::State::kFound, value->second};
  }

  MonitorJobs Translate(MonitorKind kind, const std::string& spec) {
    return TranslateMonitor({kind, "shop", "api", spec, settings_, global_}, *this);
  }
  // Of an object that is in order and makes one job.
  ScrapeConfig Job(MonitorKind kind, const std::string& spec) {
    const MonitorJobs made = Translate(kind, spec);
    for (const std::string& error : made.errors) FAIL_CHECK(error);
    REQUIRE(made.jobs.size() == 1);
    return made.jobs[0];
  }
  std::vector<std::string> Errors(MonitorKind kind, const std::string& spec) {
    const MonitorJobs made = Translate(kind, spec);
    CHECK(made.jobs.empty());
    return made.errors;
  }
  void AddSecret(const std::string& name, std::map<std::string, std::string> values) {
    values_[{true, "shop", name}] = std::move(values);
  }
  void AddConfigMap(const std::string& name, std::map<std::string, std::string> values) {
    values_[{false, "shop", name}] = std::move(values);
  }

  KubernetesMonitorsConfig settings_;
  GlobalConfig global_;
  std::map<MonitorReference, std::map<std::string, std::string>> values_;
  std::set<MonitorReference> unlisted_;
  std::set<std::string> asked_;
};

// The labels that a target of the job has in the end, but for instance; nothing where it is
// dropped.
inline std::optional<Labels> Relabelled(const ScrapeConfig& job, const Labels& discovered) {
  LabelsBuilder labels(discovered);
  labels.Set("job", job.job_name);
  if (!ApplyRelabelRules(job.relabel_configs, labels)) return std::nullopt;
  LabelsBuilder shown;
  for (const Label& label : labels.labels()) {
    const bool kept = !label.name.starts_with("__") || label.name == "__address__" ||
                      label.name.starts_with("__param_");
    if (kept) shown.Set(label.name, label.value);
  }
  return shown.Build();
}

// A rule as one line: "action source,source regex -> target replacement".
inline std::string RuleText(const RelabelRule& rule) {
  std::string text(RelabelActionName(rule.action));
  for (size_t i = 0; i < rule.source_labels.size(); ++i) {
    text += (i == 0 ? " " : ",") + rule.source_labels[i];
  }
  text += " /" + rule.regex.text() + "/";
  if (!rule.target_label.empty()) text += " -> " + rule.target_label + " " + rule.replacement;
  return text;
}

inline std::vector<std::string> RuleTexts(const std::vector<RelabelRule>& rules) {
  std::vector<std::string> texts;
  for (const RelabelRule& rule : rules) texts.push_back(RuleText(rule));
  return texts;
}

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_MONITOR_FIXTURE_H_
