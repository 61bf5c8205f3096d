// What a role of kubernetes_sd_configs is: where its objects are, what is kept of one, and the
// targets that it makes.
//
// Who calls it: KubernetesDiscovery, on the loop's thread. Roles have no state.
#ifndef LIMPET_DISCOVERY_KUBERNETES_ROLE_H_
#define LIMPET_DISCOVERY_KUBERNETES_ROLE_H_

#include <string>
#include <string_view>

#include "discovery/json_object.h"
#include "discovery/target_group.h"

namespace limpet {

class KubernetesRole {
 public:
  virtual ~KubernetesRole() = default;
  virtual std::string_view name() const = 0;  // "pod", also before the source of its groups
  // "/api/v1/namespaces/NS/pods"; all namespaces where it is empty.
  virtual std::string Path(std::string_view name_space) const = 0;
  // The fields kept of an object, packed. Equal records make equal groups.
  virtual std::string Record(const JsonValue& object) const = 0;
  virtual TargetGroup Group(std::string_view record) const = 0;
};

// Null where there is no such role.
const KubernetesRole* FindKubernetesRole(std::string_view name);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_ROLE_H_
