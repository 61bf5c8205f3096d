// The relabelling of a job that is made from a monitor object: the rules that the operator writes,
// and those of the object.
//
// Who calls it: the translators of the kinds, on the loop's thread.
//
//   MonitorRules rules(job, "relabel_configs");
//   rules.Add({.source_labels = {"__meta_kubernetes_namespace"}, .target_label = "namespace"});
#ifndef LIMPET_DISCOVERY_MONITOR_RULES_H_
#define LIMPET_DISCOVERY_MONITOR_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "discovery/monitor_job.h"

namespace limpet {

// What is left out is as in Prometheus.
struct MonitorRule {
  std::vector<std::string> source_labels = {};
  std::string regex = {};
  std::string target_label = {};
  std::optional<std::string> replacement = {};
  std::string action = {};
};

class MonitorRules {
 public:
  // Rules go to that key of the job, which has it once there is one.
  MonitorRules(MonitorJob& job, std::string_view key) : job_(job), key_(key) {}

  void Add(const MonitorRule& rule, const std::string& origin = "spec");
  // A LabelSelector; `resource` is "service", "pod" or "ingress".
  void AddSelector(const MonitorField& selector, const std::string& resource);
  // Labels of the resource, each to the label of its own name where it is there.
  void AddTargetLabel(std::string_view label, const std::string& resource,
                      const std::string& target, const std::string& origin);
  // Those of the object.
  void AddOwn(const MonitorField& relabelings);

 private:
  YamlNode& NewRule(const std::string& origin);

  MonitorJob& job_;
  const std::string key_;
  YamlNode* list_ = nullptr;
};

// A LabelSelector as the API server takes it: "app=api,tier in (a,b),!old".
std::string LabelSelectorText(const MonitorField& selector);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_RULES_H_
