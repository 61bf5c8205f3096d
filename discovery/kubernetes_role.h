// What a role of kubernetes_sd_configs is: the kind that its groups are made of one by one, the
// other kinds that they need, and the targets.
//
// Who calls it: Discovery and KubernetesDiscovery, on the loop's thread. Roles have no state.
#ifndef LIMPET_DISCOVERY_KUBERNETES_ROLE_H_
#define LIMPET_DISCOVERY_KUBERNETES_ROLE_H_

#include <string_view>

#include "agent/config/config.h"
#include "discovery/kubernetes_kind.h"
#include "discovery/related_objects.h"
#include "discovery/target_group.h"

namespace limpet {

struct KubernetesRole {
  std::string_view name;           // "service", also that of its selector
  std::string_view source_prefix;  // of its groups: "svc/"
  const KubernetesKind& kind;
  // A record's group; its source is the prefix, the namespace if there is one, and the name.
  TargetGroup (*group)(std::string_view record, const AttachMetadata& attach,
                       RelatedObjects& related);
  bool (*needs)(Related related, const AttachMetadata& attach);
};

// Null where there is no such role.
const KubernetesRole* FindKubernetesRole(std::string_view name);

// The kind of related objects; a selector for role `selector_role` goes for them, none where it is
// empty.
struct RelatedKind {
  const KubernetesKind& kind;
  std::string_view selector_role;
};
const RelatedKind& KindOf(Related related);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_ROLE_H_
