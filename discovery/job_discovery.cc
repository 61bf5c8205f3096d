#include "discovery/job_discovery.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace limpet {

std::string JobDiscovery::SourceOf(const std::string& source, const Member& member) {
  if (member.config_index == 0) return source;
  return source + "#" + std::to_string(member.config_index);
}

bool JobDiscovery::KnownElsewhere(const std::string& source, const Member& member) const {
  const auto knows = [&](const Member& other) {
    return other.discovery != member.discovery && other.config_index == member.config_index &&
           other.discovery->HasGroup(source);
  };
  return std::any_of(members_.begin(), members_.end(), knows) ||
         std::any_of(retired_.begin(), retired_.end(), knows);
}

std::vector<TargetGroup> JobDiscovery::AllGroups() const {
  std::vector<TargetGroup> all;
  for (const TargetGroup& group : static_groups_) {
    if (!group.targets.empty()) all.push_back(group);
  }
  for (const Member& member : members_) {
    member.discovery->ForEachGroup([&](TargetGroup group) {
      group.source = SourceOf(group.source, member);
      all.push_back(std::move(group));
    });
  }
  for (const Member& member : retired_) {
    member.discovery->ForEachGroup([&](TargetGroup group) {
      if (KnownElsewhere(group.source, member)) return;
      group.source = SourceOf(group.source, member);
      all.push_back(std::move(group));
    });
  }
  return all;
}

void JobDiscovery::Apply(std::vector<TargetGroup> static_groups, std::vector<Member> members,
                         const TargetGroupListener& listener) {
  std::unordered_set<std::string> gone;
  for (const TargetGroup& group : AllGroups()) gone.insert(group.source);

  std::vector<Member> old = std::exchange(members_, std::move(members));
  old.insert(old.end(), std::make_move_iterator(retired_.begin()),
             std::make_move_iterator(retired_.end()));
  retired_.clear();
  static_groups_ = std::move(static_groups);
  for (Member& member : old) {
    if (Waits(member) && std::find(members_.begin(), members_.end(), member) == members_.end()) {
      retired_.push_back(std::move(member));
    }
  }

  // What is new goes first: a target that only changes its group is then never without one.
  std::vector<TargetGroup> groups = AllGroups();
  for (const TargetGroup& group : groups) gone.erase(group.source);
  for (const std::string& source : gone) groups.push_back({source, {}, {}});
  if (!groups.empty()) listener(name_, std::move(groups));
}

void JobDiscovery::OnChange(const GroupSource& discovery, const std::vector<TargetGroup>& groups,
                            const TargetGroupListener& listener) {
  std::vector<TargetGroup> changes;
  for (const auto* list : {&members_, &retired_}) {
    for (const Member& member : *list) {
      if (member.discovery.get() != &discovery) continue;
      for (const TargetGroup& group : groups) {
        if (group.targets.empty() && KnownElsewhere(group.source, member)) continue;
        changes.push_back({SourceOf(group.source, member), group.labels, group.targets});
      }
    }
  }
  if (!changes.empty()) listener(name_, std::move(changes));
}

std::vector<std::shared_ptr<GroupSource>> JobDiscovery::Release(
    const TargetGroupListener& listener) {
  const auto released = std::stable_partition(retired_.begin(), retired_.end(),
                                              [&](const Member& member) { return Waits(member); });
  const std::vector<Member> leaving(released, retired_.end());
  retired_.erase(released, retired_.end());

  std::vector<TargetGroup> gone;
  std::unordered_set<std::string> seen;
  std::vector<std::shared_ptr<GroupSource>> discoveries;
  for (const Member& member : leaving) {
    member.discovery->ForEachGroup([&](const TargetGroup& group) {
      std::string source = SourceOf(group.source, member);
      if (KnownElsewhere(group.source, member) || !seen.insert(source).second) return;
      gone.push_back({std::move(source), {}, {}});
    });
    discoveries.push_back(member.discovery);
  }
  if (!gone.empty()) listener(name_, std::move(gone));
  return discoveries;
}

bool JobDiscovery::Waits(const Member& retired) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return !member.discovery->listed() && member.discovery->Overlaps(*retired.discovery);
  });
}

bool JobDiscovery::AllListed() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.discovery->listed(); });
}

}  // namespace limpet
