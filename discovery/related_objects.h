// Other objects than its own that a target group is made from: the pods behind endpoints, the
// service in front of them, the node and the namespace that are attached.
//
// Who calls it: the makers of target groups, on the loop's thread. Whoever implements it notes what
// was asked for, also where there was nothing, and has the group made anew when that changes.
#ifndef LIMPET_DISCOVERY_RELATED_OBJECTS_H_
#define LIMPET_DISCOVERY_RELATED_OBJECTS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace limpet {

enum class Related { kPod, kService, kNode, kNamespace, kReplicaSet, kJob };
inline constexpr std::array kAllRelated = {Related::kPod,        Related::kService,
                                           Related::kNode,       Related::kNamespace,
                                           Related::kReplicaSet, Related::kJob};

class RelatedObjects {
 public:
  virtual ~RelatedObjects() = default;
  // Its record, good until the group is made; nothing where it is not known. Nodes and namespaces
  // have no namespace.
  virtual std::optional<std::string_view> Find(Related kind, std::string_view name_space,
                                               std::string_view name) = 0;
  // Some targets were left out, the group being too large.
  virtual void NoteCut() = 0;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_RELATED_OBJECTS_H_
