// The Secrets and ConfigMaps that monitor objects name, each watched by its name.
//
// Who calls it: MonitorDiscovery; the loop's thread.
// Operation: Find answers from what is watched and notes what was asked for; Keep then watches just
// what is needed. Limits: 1000 of them; what is beyond is never listed.
#ifndef LIMPET_DISCOVERY_REFERENCED_OBJECTS_H_
#define LIMPET_DISCOVERY_REFERENCED_OBJECTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "discovery/kubernetes_stores.h"
#include "discovery/monitor_references.h"

namespace limpet {

class ReferencedObjects final : public MonitorReferences {
 public:
  // `subscriber` hears of their changes.
  ReferencedObjects(KubernetesStores& stores, KubernetesStore::Subscriber& subscriber)
      : stores_(stores), subscriber_(subscriber) {}
  ~ReferencedObjects() override { Keep({}); }
  ReferencedObjects(const ReferencedObjects&) = delete;
  ReferencedObjects& operator=(const ReferencedObjects&) = delete;

  // Watches of another API server or identity end.
  void SetAccess(const KubernetesAccess& access);
  Answer Find(const MonitorReference& reference, std::string_view key) override;
  // What Find was asked for since the last call.
  std::set<MonitorReference> TakeAsked() { return std::exchange(asked_, {}); }
  // Those that are no longer needed end; new ones begin with the next StartNew of the stores.
  void Keep(const std::set<MonitorReference>& needed);

  // Another number when Find may answer something else.
  uint64_t Version(const MonitorReference& reference) const;
  // Why it is not listed.
  std::string Trouble(const MonitorReference& reference) const;

 private:
  const KubernetesStore* StoreOf(const MonitorReference& reference) const;

  KubernetesStores& stores_;
  KubernetesStore::Subscriber& subscriber_;
  KubernetesAccess access_;
  std::map<MonitorReference, std::shared_ptr<KubernetesStore>> watched_;
  std::set<MonitorReference> asked_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_REFERENCED_OBJECTS_H_
