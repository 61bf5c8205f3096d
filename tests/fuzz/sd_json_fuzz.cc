// Lists of targets as strangers write them: the JSON of file_sd_configs and http_sd_configs, and
// the YAML of the former, to target groups and what has changed between two of them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/config/target_list.h"
#include "discovery/json_target_list.h"
#include "discovery/listed_groups.h"

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckPlace(const ConfigError& error, std::string_view text) {
  Require(!error.message.empty() && error.line >= 1 && error.column >= 1);
  // yaml-cpp counts on a little where the text ends inside of an escape.
  constexpr size_t kBehindMax = 16;
  Require(static_cast<size_t>(error.line) <= text.size() + 1);
  Require(static_cast<size_t>(error.column) <= text.size() + kBehindMax);
}

TargetGroups Groups(const TargetList& list) {
  const auto groups = MakeListedGroups(list.groups, "s", {"__meta_url", "u"});
  return groups ? *groups : TargetGroups();
}

void Check(std::string_view text, TargetList (*read)(std::string_view, const std::string&)) {
  const TargetList list = read(text, "f");
  for (const ConfigError& error : list.errors) CheckPlace(error, text);
  if (!list.errors.empty()) return;
  Require(read(text, "f").groups == list.groups);
  for (const StaticConfig& group : list.groups) {
    for (const Label& label : group.labels) Require(IsUtf8Name(label.name));
  }
  const TargetGroups groups = Groups(list);
  for (const TargetGroup& group : groups) {
    Require(group.labels.Get("__meta_url") == "u");
    Require(HasListedGroup(groups, group.source) == !group.targets.empty());
  }
  Require(ChangedGroups(groups, groups).empty());
  TargetGroups fewer = groups;
  if (!fewer.empty()) fewer.pop_back();
  Require(ChangedGroups(groups, fewer).size() <= 1);
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool yaml = data[0] == 'y';
  limpet::Check(text, yaml ? limpet::ReadYamlTargetList : limpet::ReadJsonTargetList);
  return 0;
}
