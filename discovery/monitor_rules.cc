#include "discovery/monitor_rules.h"

#include <algorithm>

#include "discovery/meta_labels.h"

namespace limpet {
namespace {

// "(value);true" as the operator has it; without the brackets, which mean nothing here, where the
// expression is then plain text, which costs less to keep and to match.
std::string PresentWith(const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/';
  });
  return plain ? value + ";true" : "(" + value + ");true";
}

std::string Joined(const MonitorField& values, char separator) {
  std::string text;
  for (const MonitorField& value : values.Items()) {
    if (!text.empty()) text.push_back(separator);
    text.append(value.text());
  }
  return text;
}

}  // namespace

YamlNode& MonitorRules::NewRule(const std::string& origin) {
  GeneratedJob& tree = job_.tree();
  if (list_ == nullptr) {
    list_ = &tree.List("spec");
    tree.Set(job_.root(), key_, *list_);
  }
  YamlNode& rule = tree.Mapping(origin);
  tree.Append(*list_, rule);
  return rule;
}

void MonitorRules::Add(const MonitorRule& rule, const std::string& origin) {
  GeneratedJob& tree = job_.tree();
  YamlNode& node = NewRule(origin);
  if (!rule.source_labels.empty()) {
    YamlNode& names = tree.List(origin);
    for (const std::string& name : rule.source_labels) {
      tree.Append(names, tree.Text(name, origin));
    }
    tree.Set(node, "source_labels", names);
  }
  const auto set = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) tree.Set(node, key, tree.Text(text, origin));
  };
  set("regex", rule.regex);
  set("target_label", rule.target_label);
  set("action", rule.action);
  if (rule.replacement) tree.Set(node, "replacement", tree.Text(*rule.replacement, origin));
}

void MonitorRules::AddSelector(const MonitorField& selector, const std::string& resource) {
  const std::string label = "__meta_kubernetes_" + resource + "_label_";
  const std::string present = "__meta_kubernetes_" + resource + "_labelpresent_";
  for (const auto& [name, value] : selector.At("matchLabels").Members()) {
    const std::string suffix = SanitizeLabelName(name);
    Add({.source_labels = {label + suffix, present + suffix},
         .regex = PresentWith(std::string(value.text())),
         .action = "keep"},
        value.path());
  }
  for (const MonitorField& expression : selector.At("matchExpressions").Items()) {
    const std::string suffix = SanitizeLabelName(expression.At("key").text());
    const MonitorField comparison = expression.At("operator");
    const std::string_view op = comparison.text();
    if (op == "In" || op == "NotIn") {
      Add({.source_labels = {label + suffix, present + suffix},
           .regex = PresentWith(Joined(expression.At("values"), '|')),
           .action = op == "In" ? "keep" : "drop"},
          expression.At("values").path());
    } else if (op == "Exists" || op == "DoesNotExist") {
      Add({.source_labels = {present + suffix},
           .regex = "true",
           .action = op == "Exists" ? "keep" : "drop"},
          comparison.path());
    } else {
      job_.Error(comparison, "expected In, NotIn, Exists or DoesNotExist");
    }
  }
}

void MonitorRules::AddTargetLabel(std::string_view label, const std::string& resource,
                                  const std::string& target, const std::string& origin) {
  Add({.source_labels = {"__meta_kubernetes_" + resource + "_label_" + SanitizeLabelName(label)},
       .regex = "(.+)",
       .target_label = target,
       .replacement = "${1}"},
      origin);
}

void MonitorRules::AddOwn(const MonitorField& relabelings) {
  if (relabelings.IsSet() && !relabelings.value().IsArray()) {
    job_.Error(relabelings, "expected a list");
  }
  for (const MonitorField& rule : relabelings.Items()) {
    YamlNode& node = NewRule(rule.path());
    job_.Set(node, "source_labels", rule.At("sourceLabels"));
    job_.Set(node, "target_label", rule.At("targetLabel"));
    job_.Set(node, "regex", rule.At("regex"));
    const MonitorField modulus = rule.At("modulus");
    if (!modulus.value().IsUint64() || modulus.value().GetUint64() != 0) {
      job_.Set(node, "modulus", modulus);
    }
    job_.Set(node, "action", rule.At("action"), MonitorJob::Spelling::kLowerCase);
    // Of these an empty text says something else than none.
    for (const auto& [key, name] :
         {std::pair("separator", "separator"), std::pair("replacement", "replacement")}) {
      const MonitorField field = rule.At(name);
      if (field.IsSet()) job_.tree().Set(node, key, job_.Json(field));
    }
  }
}

std::string LabelSelectorText(const MonitorField& selector) {
  std::string text;
  const auto add = [&](const std::string& requirement) {
    text.append(text.empty() ? "" : ",").append(requirement);
  };
  for (const auto& [name, value] : selector.At("matchLabels").Members()) {
    add(std::string(name) + "=" + std::string(value.text()));
  }
  for (const MonitorField& expression : selector.At("matchExpressions").Items()) {
    const std::string key(expression.At("key").text());
    const std::string_view op = expression.At("operator").text();
    if (op == "Exists") add(key);
    if (op == "DoesNotExist") add("!" + key);
    const std::string values = " (" + Joined(expression.At("values"), ',') + ")";
    if (op == "In") add(key + " in" + values);
    if (op == "NotIn") add(key + " notin" + values);
  }
  return text;
}

}  // namespace limpet
