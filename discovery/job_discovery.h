// The discoveries of one job, and what of them the listener has been told.
//
// Who calls it: Discovery; the loop's thread only.
// Operation: a job refers to discoveries that it may share with others. Those that its
// configuration no longer has are retired: they run on until all their successors have listed,
// which are those that can see their namespace; what only they knew is then taken back.
#ifndef LIMPET_DISCOVERY_JOB_DISCOVERY_H_
#define LIMPET_DISCOVERY_JOB_DISCOVERY_H_

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "discovery/group_source.h"
#include "discovery/target_group.h"

namespace limpet {

class JobDiscovery {
 public:
  // A discovery, and which entry of its list in the job (kubernetes_sd_configs, file_sd_configs,
  // http_sd_configs) asks for it.
  struct Member {
    std::shared_ptr<GroupSource> discovery;
    size_t config_index = 0;
    friend bool operator==(const Member&, const Member&) = default;
  };

  explicit JobDiscovery(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }
  // Whether readiness waits for it.
  bool is_required() const { return required_; }
  void set_required(bool required) { required_ = required; }

  // Takes a new configuration, and tells all groups and those that are gone.
  void Apply(std::vector<TargetGroup> static_groups, std::vector<Member> members,
             const TargetGroupListener& listener);
  // The changes of a discovery, if it is one of the job's.
  void OnChange(const GroupSource& discovery, const std::vector<TargetGroup>& groups,
                const TargetGroupListener& listener);
  // Takes back what retired discoveries knew that need not wait any longer. They are returned, to
  // be destroyed outside of their own callbacks.
  std::vector<std::shared_ptr<GroupSource>> Release(const TargetGroupListener& listener);
  bool AllListed() const;
  // Of the groups that were told and have targets those whose source is wanted.
  void ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) const;
  // What discoveries that several jobs share have made of a pod.
  using Sightings = std::unordered_map<const GroupSource*, std::optional<PodSighting>>;
  // Each entry of kubernetes_sd_configs that looks for pods.
  void ForEachSighting(const PodName& pod, Sightings& known, const OnPodSighting& function) const;

 private:
  std::vector<TargetGroup> AllGroups() const;
  // Whether a successor of that retired member has yet to list.
  bool Waits(const Member& retired) const;
  // Another member of the same configuration that has targets of that source.
  bool KnownElsewhere(const std::string& source, const Member& member) const;
  static std::string SourceOf(const std::string& source, const Member& member);

  std::string name_;
  bool required_ = true;
  std::vector<TargetGroup> static_groups_;
  std::vector<Member> members_;
  std::vector<Member> retired_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_JOB_DISCOVERY_H_
