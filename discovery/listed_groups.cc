#include "discovery/listed_groups.h"

#include <algorithm>
#include <charconv>

namespace limpet {
namespace {

constexpr size_t kGroupsMax = 100'000;
constexpr size_t kListedTargetsMax = 100'000;
constexpr size_t kLabelBytesMax = 64u << 20;

size_t LabelBytes(const Labels& labels) {
  size_t bytes = 0;
  for (const Label& label : labels) bytes += label.name.size() + label.value.size();
  return bytes;
}

}  // namespace

Result<TargetGroups> MakeListedGroups(const std::vector<StaticConfig>& list,
                                      const std::string& source, const Label& origin) {
  if (list.size() > kGroupsMax) return Error{"more than 100000 groups"};
  TargetGroups groups;
  groups.reserve(list.size());
  size_t targets = 0;
  size_t label_bytes = 0;
  for (const StaticConfig& entry : list) {
    TargetGroup& group = groups.emplace_back();
    group.source = source + ":" + std::to_string(groups.size() - 1);
    group.labels = LabelsBuilder(entry.labels).Set(origin.name, origin.value).Build();
    targets += entry.targets.size();
    if (targets > kListedTargetsMax) return Error{"more than 100000 targets"};
    label_bytes += entry.targets.size() * LabelBytes(group.labels);
    if (label_bytes > kLabelBytesMax) return Error{"more than 64 MiB of labels"};
    for (const std::string& target : entry.targets) {
      group.targets.push_back(Labels({{"__address__", target}}));
    }
  }
  return groups;
}

TargetGroups ChangedGroups(const TargetGroups& before, const TargetGroups& now) {
  TargetGroups changed;
  for (size_t i = 0; i < now.size(); ++i) {
    const bool known = i < before.size();
    if (known ? now[i] == before[i] : now[i].targets.empty()) continue;
    changed.push_back(now[i]);
  }
  for (size_t i = now.size(); i < before.size(); ++i) {
    if (!before[i].targets.empty()) changed.push_back({before[i].source, {}, {}});
  }
  return changed;
}

uint64_t CountTargets(const TargetGroups& groups) {
  uint64_t targets = 0;
  for (const TargetGroup& group : groups) targets += group.targets.size();
  return targets;
}

bool ForEachWanted(const TargetGroups& groups, const WantTargetGroup& want,
                   const TakeTargetGroup& take) {
  return std::all_of(groups.begin(), groups.end(), [&](const TargetGroup& group) {
    return group.targets.empty() || !want(group.source) || take(group);
  });
}

bool HasListedGroup(const TargetGroups& groups, const std::string& source) {
  size_t i = 0;
  const char* const end = source.data() + source.size();
  const char* const number = source.data() + source.rfind(':') + 1;
  if (std::from_chars(number, end, i).ptr != end || i >= groups.size()) return false;
  return groups[i].source == source && !groups[i].targets.empty();
}

}  // namespace limpet
