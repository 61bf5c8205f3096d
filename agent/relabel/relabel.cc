#include "agent/relabel/relabel.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/relabel/unicode_case.h"

namespace limpet {

namespace {

constexpr std::array<std::pair<std::string_view, RelabelAction>, 11> kActions = {{
    {"replace", RelabelAction::kReplace},
    {"keep", RelabelAction::kKeep},
    {"drop", RelabelAction::kDrop},
    {"keepequal", RelabelAction::kKeepEqual},
    {"dropequal", RelabelAction::kDropEqual},
    {"hashmod", RelabelAction::kHashMod},
    {"labelmap", RelabelAction::kLabelMap},
    {"labeldrop", RelabelAction::kLabelDrop},
    {"labelkeep", RelabelAction::kLabelKeep},
    {"lowercase", RelabelAction::kLowercase},
    {"uppercase", RelabelAction::kUppercase},
}};

bool IsTemplate(std::string_view text) { return text.find('$') != std::string_view::npos; }

// The source labels' values joined; a view into `labels` or `buffer`.
std::string_view SourceValue(const RelabelRule& rule, const LabelsBuilder& labels,
                             std::string& buffer) {
  if (rule.source_labels.empty()) return {};
  if (rule.source_labels.size() == 1) return labels.Get(rule.source_labels[0]);
  for (size_t i = 0; i < rule.source_labels.size(); ++i) {
    if (i > 0) buffer += rule.separator;
    buffer += labels.Get(rule.source_labels[i]);
  }
  return buffer;
}

void Replace(const RelabelRule& rule, std::string_view value, LabelsBuilder& labels) {
  if (rule.regex.IsMatchAll() && !IsTemplate(rule.target_label)) {
    const bool copies = rule.replacement == "$1" || rule.replacement == "${1}";
    if (copies || !IsTemplate(rule.replacement)) {
      if (!IsUtf8Name(rule.target_label)) return;
      labels.Set(rule.target_label, copies ? value : std::string_view(rule.replacement));
      return;
    }
  }
  AnchoredRegex::Groups groups;
  if (!rule.regex.Match(value, groups)) return;
  std::string target;
  rule.regex.Expand(groups, rule.target_label, target);
  if (!IsUtf8Name(target)) return;
  std::string replacement;
  rule.regex.Expand(groups, rule.replacement, replacement);
  labels.Set(target, replacement);
}

void HashMod(const RelabelRule& rule, std::string_view value, LabelsBuilder& labels) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  // A FIPS provider may have no MD5; a modulus of 0 is refused where rules are read.
  if (rule.modulus == 0 ||
      EVP_Digest(value.data(), value.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    return;
  }
  uint64_t hash = 0;
  for (size_t i = 8; i < 16; ++i) hash = hash << 8 | digest[i];
  labels.Set(rule.target_label, std::to_string(hash % rule.modulus));
}

// As in Prometheus the names are those before the rule, and an expansion that is no valid name is
// set all the same: the scrape fails on it.
void LabelMap(const RelabelRule& rule, LabelsBuilder& labels) {
  std::vector<Label> mapped;
  for (const Label& label : labels.labels()) {
    std::string name;
    if (rule.regex.MatchAndExpand(label.name, rule.replacement, name)) {
      mapped.push_back({std::move(name), label.value});
    }
  }
  for (const Label& label : mapped) labels.Set(label.name, label.value);
}

void DeleteNames(const AnchoredRegex& regex, bool matching, LabelsBuilder& labels) {
  std::vector<std::string> deleted;
  for (const Label& label : labels.labels()) {
    if (regex.Matches(label.name) == matching) deleted.push_back(label.name);
  }
  for (const std::string& name : deleted) labels.Del(name);
}

// Whether a template could give this name: what stands before its first $ is there in every result.
bool CouldBecome(std::string_view text, std::string_view name) {
  const size_t dollar = text.find('$');
  if (dollar == std::string_view::npos) return text == name;
  return name.starts_with(text.substr(0, dollar));
}

bool IndependentOf(const RelabelRule& rule, const std::string& name) {
  switch (rule.action) {
    case RelabelAction::kLabelMap:
      return !rule.regex.Matches(name) && !CouldBecome(rule.replacement, name);
    case RelabelAction::kLabelDrop:
      return !rule.regex.Matches(name);
    case RelabelAction::kLabelKeep:
      return rule.regex.Matches(name);
    case RelabelAction::kReplace:
      if (CouldBecome(rule.target_label, name)) return false;
      break;
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
    case RelabelAction::kHashMod:
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
      if (rule.target_label == name) return false;
      break;
    case RelabelAction::kKeep:
    case RelabelAction::kDrop:
      break;
  }
  return std::find(rule.source_labels.begin(), rule.source_labels.end(), name) ==
         rule.source_labels.end();
}

}  // namespace

Result<RelabelAction> ParseRelabelAction(std::string_view text) {
  const std::string lower = ToLower(text);
  for (const auto& [name, action] : kActions) {
    if (lower == name) return action;
  }
  std::string names;
  for (const auto& [name, action] : kActions) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return Error{"unknown action \"" + std::string(text) + "\"; expected one of " + names};
}

std::string_view RelabelActionName(RelabelAction action) {
  for (const auto& [name, known] : kActions) {
    if (known == action) return name;
  }
  return "";
}

bool ApplyRelabelRule(const RelabelRule& rule, LabelsBuilder& labels) {
  std::string buffer;
  const std::string_view value = SourceValue(rule, labels, buffer);
  switch (rule.action) {
    case RelabelAction::kReplace:
      Replace(rule, value, labels);
      return true;
    case RelabelAction::kKeep:
      return rule.regex.Matches(value);
    case RelabelAction::kDrop:
      return !rule.regex.Matches(value);
    case RelabelAction::kKeepEqual:
      return labels.Get(rule.target_label) == value;
    case RelabelAction::kDropEqual:
      return labels.Get(rule.target_label) != value;
    case RelabelAction::kHashMod:
      HashMod(rule, value, labels);
      return true;
    case RelabelAction::kLabelMap:
      LabelMap(rule, labels);
      return true;
    case RelabelAction::kLabelDrop:
      DeleteNames(rule.regex, true, labels);
      return true;
    case RelabelAction::kLabelKeep:
      DeleteNames(rule.regex, false, labels);
      return true;
    case RelabelAction::kLowercase:
      labels.Set(rule.target_label, ToLower(value));
      return true;
    case RelabelAction::kUppercase:
      labels.Set(rule.target_label, ToUpper(value));
      return true;
  }
  return true;
}

bool ApplyRelabelRules(const std::vector<RelabelRule>& rules, LabelsBuilder& labels) {
  return std::all_of(rules.begin(), rules.end(),
                     [&](const RelabelRule& rule) { return ApplyRelabelRule(rule, labels); });
}

bool IndependentOf(const std::vector<RelabelRule>& rules, const std::vector<std::string>& names) {
  for (const RelabelRule& rule : rules) {
    for (const std::string& name : names) {
      if (!IndependentOf(rule, name)) return false;
    }
  }
  return true;
}

}  // namespace limpet
