// One role in one scope of one API server: the groups that it makes of the objects in its stores.
//
// Who calls it: Discovery, which shares one among all jobs that ask for the same; the loop's
// thread. Operation: groups are made when they are asked for, and of those that were told only a
// hash is kept (8 bytes an object). A group is told once all kinds that it is made from have listed
// (as in Prometheus), so that no target appears without the labels it will have. While one is made,
// the related objects that it looks for are noted, there or not; a change of one of them makes the
// groups anew that asked for it, and no other, in the same turn. One that comes out as it was told
// is told to nobody.
#ifndef LIMPET_DISCOVERY_KUBERNETES_DISCOVERY_H_
#define LIMPET_DISCOVERY_KUBERNETES_DISCOVERY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "discovery/group_source.h"
#include "discovery/kubernetes_role.h"
#include "discovery/kubernetes_store.h"
#include "discovery/target_group.h"

namespace limpet {

class KubernetesDiscovery final : public GroupSource,
                                  private KubernetesStore::Subscriber,
                                  private RelatedObjects {
 public:
  // What it is made from, which is also what makes two of them the same.
  struct Parts {
    const KubernetesRole* role = nullptr;
    AttachMetadata attach;
    std::shared_ptr<KubernetesStore> objects;
    std::array<std::shared_ptr<KubernetesStore>, kAllRelated.size()> related;  // null: not needed
    friend bool operator==(const Parts&, const Parts&) = default;
  };

  // What the stores know already is told to nobody: ForEachGroup tells it. `on_list` is also called
  // when a LIST begins, the namespace being known by then.
  KubernetesDiscovery(Parts parts, OnChange on_change, OnList on_list);
  ~KubernetesDiscovery() override;
  KubernetesDiscovery(const KubernetesDiscovery&) = delete;
  KubernetesDiscovery& operator=(const KubernetesDiscovery&) = delete;

  bool Is(const Parts& parts) const { return parts == parts_; }
  // All its stores have listed.
  bool listed() const override;
  // As far as their namespaces are known.
  bool Overlaps(const GroupSource& source) const override;

  void ForEachGroup(const std::function<void(TargetGroup)>& function) override;
  bool HasGroup(const std::string& source) const override;
  bool ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) override;
  // Of the roles pod, endpoints and endpointslice.
  std::optional<PodSighting> SeePod(const PodName& pod) override;

 private:
  using Slot = KubernetesStore::Slot;

  void OnStoreChange(const KubernetesStore& store, const std::vector<Slot>& slots) override;
  void OnStoreList(const KubernetesStore& store) override;
  std::optional<std::string_view> Find(Related kind, std::string_view name_space,
                                       std::string_view name) override;
  void NoteCut() override { cut_ = true; }

  // Two objects with one hash cost a group that is made for nothing.
  static uint64_t HashOfNeed(Related kind, std::string_view key);
  // Calls with each slot whose group asked for that object.
  template <typename F>
  void ForEachNeeding(Related kind, std::string_view key, F&& function) const {
    const uint64_t need = HashOfNeed(kind, key);
    for (auto by = needed_by_.lower_bound({need, 0}); by != needed_by_.end() && by->first == need;
         ++by) {
      function(by->second);
    }
  }
  bool RelatedListed() const;
  std::string SourceOf(Slot slot) const;
  void AddGroupOfPod(Slot slot, const PodName& pod, PodSighting& sighting);
  std::string WhyNotSeen(bool is_pod_role) const;
  std::string WhyNoTargets(Slot slot) const;
  // What has yet to list, and why; empty where everything has.
  std::string Unlisted() const;
  void Touch(Slot slot);
  void TouchAll();
  // Makes the groups that were touched; those that have changed are added.
  void Remake(std::vector<TargetGroup>& changed);
  TargetGroup Make(Slot slot);
  void SetNeeds(Slot slot, std::vector<uint64_t> needs);
  void Tell(const std::vector<TargetGroup>& changed);

  const Parts parts_;
  const OnChange on_change_;
  const OnList on_list_;
  const bool has_related_;
  bool ready_ = false;  // the related kinds have listed
  // By slot of the objects:
  std::vector<uint64_t> told_;                // hash of the group; 0: it has no targets
  std::vector<std::vector<uint64_t>> needs_;  // hashes of the related objects it asked for, sorted
  // Ordered, since many may need one (a namespace) and each has to be found among them.
  std::set<std::pair<uint64_t, Slot>> needed_by_;
  std::vector<Slot> touched_;
  std::vector<bool> is_touched_;
  std::vector<uint64_t> asked_;  // while a group is made
  bool cut_ = false;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_DISCOVERY_H_
