// The discoveries of one job, and what of them the listener has been told.
//
// Who calls it: Discovery; the loop's thread only.
// Operation: a job refers to discoveries that it may share with others. Those that its
// configuration no longer has are retired: they run on until all their successors have listed,
// which are those that can see their namespace; what only they knew is then taken back.
#ifndef LIMPET_DISCOVERY_JOB_DISCOVERY_H_
#define LIMPET_DISCOVERY_JOB_DISCOVERY_H_

#include <memory>
#include <string>
#include <vector>

#include "discovery/kubernetes_discovery.h"
#include "discovery/target_group.h"

namespace limpet {

class JobDiscovery {
 public:
  // A discovery, and which of the job's kubernetes_sd_configs asks for it.
  struct Member {
    std::shared_ptr<KubernetesDiscovery> discovery;
    size_t config_index = 0;
    friend bool operator==(const Member&, const Member&) = default;
  };

  explicit JobDiscovery(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

  // Takes a new configuration, and tells all groups and those that are gone.
  void Apply(std::vector<TargetGroup> static_groups, std::vector<Member> members,
             const TargetGroupListener& listener);
  // The changes of a discovery, if it is one of the job's.
  void OnChange(const KubernetesDiscovery& discovery, const std::vector<TargetGroup>& groups,
                const TargetGroupListener& listener);
  // Takes back what retired discoveries knew that need not wait any longer. They are returned, to
  // be destroyed outside of their own callbacks.
  std::vector<std::shared_ptr<KubernetesDiscovery>> Release(const TargetGroupListener& listener);
  bool AllListed() const;

 private:
  std::vector<TargetGroup> AllGroups() const;
  // Whether a successor of that retired member has yet to list.
  bool Waits(const Member& retired) const;
  // Another member of the same configuration that has targets of that source.
  bool KnownElsewhere(const std::string& source, const Member& member) const;
  static std::string SourceOf(const std::string& source, const Member& member);

  std::string name_;
  std::vector<TargetGroup> static_groups_;
  std::vector<Member> members_;
  std::vector<Member> retired_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_JOB_DISCOVERY_H_
