// What finds targets for jobs: a Kubernetes role in a scope, files, an HTTP endpoint.
//
// Who calls it: JobDiscovery, which knows it by this alone, and Discovery, which shares one among
// all jobs that ask for the same; the loop's thread.
#ifndef LIMPET_DISCOVERY_GROUP_SOURCE_H_
#define LIMPET_DISCOVERY_GROUP_SOURCE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "discovery/pod_sighting.h"
#include "discovery/target_group.h"

namespace limpet {

class GroupSource {
 public:
  // Called with what changed in one turn: groups without targets are gone. It must not destroy the
  // source.
  using OnChange = std::function<void(GroupSource&, const std::vector<TargetGroup>&)>;
  // Called when the source has become listed, after the changes that it brought, and wherever
  // Overlaps may have changed its mind. It must not destroy the source.
  using OnList = std::function<void()>;

  virtual ~GroupSource() = default;
  // It knows what there is: it has once been told all of it.
  virtual bool listed() const = 0;
  // Whether both may know the same things: then the one waits for the other before it retires.
  virtual bool Overlaps(const GroupSource& other) const = 0;
  // The groups that have targets.
  virtual void ForEachGroup(const std::function<void(TargetGroup)>& function) = 0;
  // Whether there is one of that source, and it has targets.
  virtual bool HasGroup(const std::string& source) const = 0;
  // The groups that have targets and are wanted; no other is made. False where `take` ended it.
  virtual bool ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) = 0;
  // What it makes of a pod; nothing where it does not look for pods.
  virtual std::optional<PodSighting> SeePod(const PodName&) { return std::nullopt; }
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_GROUP_SOURCE_H_
