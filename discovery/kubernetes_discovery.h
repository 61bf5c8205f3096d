// One role in one scope of one API server: its watch, the objects known, and their groups.
//
// Who calls it: Discovery, which shares one among all jobs that ask for the same; the loop's
// thread. Operation: of each object only its role's record is kept (some hundred bytes for a pod);
// groups are made when they are asked for. A change that leaves the record as it was is no change.
#ifndef LIMPET_DISCOVERY_KUBERNETES_DISCOVERY_H_
#define LIMPET_DISCOVERY_KUBERNETES_DISCOVERY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "discovery/kubernetes_watch.h"
#include "discovery/target_group.h"

namespace limpet {

class KubernetesDiscovery : private KubernetesWatchSink {
 public:
  // Called with what changed in one turn: groups without targets are gone.
  using OnChange = std::function<void(KubernetesDiscovery&, const std::vector<TargetGroup>&)>;
  // Called when a LIST begins, the namespace being known by then, and when one is complete, after
  // the changes it brought. Like OnChange, it must not destroy the discovery.
  using OnList = std::function<void()>;

  KubernetesDiscovery(EventLoop& loop, const Clock& clock, std::shared_ptr<KubernetesApi> api,
                      const KubernetesRole& role, KubernetesScope scope,
                      const KubernetesWatchOptions& options, OnChange on_change, OnList on_list);

  void Start() { watch_.Start(); }
  bool Is(const KubernetesAccess& access, const KubernetesRole& role,
          const KubernetesScope& scope) const;
  bool listed() const { return watch_.status().listed; }
  // Whether both may know the same object, as far as their namespaces are known.
  bool Overlaps(const KubernetesDiscovery& other) const;
  DiscoveryStatus Status() const;

  // The groups that have targets.
  void ForEachGroup(const std::function<void(TargetGroup)>& function) const;
  // Whether there is one of that source, and it has targets.
  bool HasGroup(const std::string& source) const;

 private:
  struct Object {
    std::string record;
    uint32_t list = 0;      // the LIST in which it was seen last
    bool reported = false;  // its group has targets and was told
    bool changed = false;
    bool deleted = false;
  };
  using Objects = std::unordered_map<std::string, Object>;  // by the source of its group

  void OnListStart() override;
  void OnListed() override;
  void OnObject(const JsonValue& object) override;
  void OnDeleted(const JsonValue& object) override;
  void OnTurnEnd() override;
  std::string Source(const JsonValue& object) const;
  void Changed(Objects::value_type& object);
  void Delete(Objects::value_type& object);

  const std::shared_ptr<KubernetesApi> api_;
  const KubernetesRole& role_;
  const KubernetesScope scope_;
  const OnChange on_change_;
  const OnList on_list_;
  Objects objects_;
  std::vector<std::string> changed_;  // sources, in the order of their first change
  uint32_t list_ = 0;
  bool listing_ = false;
  bool complete_ = false;  // a LIST has ended in this turn
  uint64_t events_added_total_ = 0;
  uint64_t events_modified_total_ = 0;
  uint64_t events_deleted_total_ = 0;
  // Last, so that it ends first.
  KubernetesWatch watch_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_DISCOVERY_H_
