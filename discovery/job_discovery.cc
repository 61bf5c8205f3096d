#include "discovery/job_discovery.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

namespace limpet {
namespace {

// Where a job watches hundreds of namespaces, not all are named.
constexpr size_t kReasonBytesMax = 1000;
// Of a pod: larger groups are made again for each job, not kept for all of them at once.
constexpr size_t kSharedTargetsMax = 100;

std::optional<PodSighting> SightingOf(GroupSource& discovery, const PodName& pod,
                                      JobDiscovery::Sightings& known) {
  const auto found = known.find(&discovery);
  if (found != known.end()) return found->second;
  std::optional<PodSighting> sighting = discovery.SeePod(pod);
  size_t targets = 0;
  if (sighting) {
    for (const TargetGroup& group : sighting->groups) targets += group.targets.size();
  }
  if (targets <= kSharedTargetsMax) known.emplace(&discovery, sighting);
  return sighting;
}

}  // namespace

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

void JobDiscovery::ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) const {
  for (const TargetGroup& group : static_groups_) {
    if (!group.targets.empty() && want(group.source) && !take(group)) return;
  }
  for (const auto* list : {&members_, &retired_}) {
    for (const Member& member : *list) {
      const auto is_wanted = [&](const std::string& source) {
        return want(SourceOf(source, member)) &&
               (list == &members_ || !KnownElsewhere(source, member));
      };
      if (!member.discovery->ForEachWanted(is_wanted, take)) return;
    }
  }
}

// Of the discoveries of one entry, one a namespace, those that do not cover the pod's are told
// together, and only where none does.
void JobDiscovery::ForEachSighting(const PodName& pod, Sightings& known,
                                   const OnPodSighting& function) const {
  std::map<size_t, PodSighting> elsewhere;
  std::set<size_t> covered;
  for (const auto* list : {&members_, &retired_}) {
    for (const Member& member : *list) {
      auto sighting = SightingOf(*member.discovery, pod, known);
      if (!sighting) continue;
      sighting->config_index = member.config_index;
      if (list == &retired_) {
        std::erase_if(sighting->groups, [&](const TargetGroup& group) {
          return KnownElsewhere(group.source, member);
        });
        if (sighting->groups.empty()) continue;
      }
      if (sighting->covers) {
        covered.insert(member.config_index);
        function(name_, *sighting);
        continue;
      }
      const auto [entry, added] = elsewhere.try_emplace(member.config_index, *sighting);
      std::string& reason = entry->second.reason;
      if (!added && reason.size() < kReasonBytesMax) reason += ", " + sighting->name_space;
    }
  }
  for (const auto& [index, sighting] : elsewhere) {
    if (!covered.contains(index)) function(name_, sighting);
  }
}

}  // namespace limpet
