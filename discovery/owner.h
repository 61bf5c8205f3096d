// ReplicaSets and Jobs, of which only the controller matters; namespaces, of which the metadata
// does.
//
// Who calls it: the stores of those kinds and attach_metadata.cc, on the loop's thread.
#ifndef LIMPET_DISCOVERY_OWNER_H_
#define LIMPET_DISCOVERY_OWNER_H_

#include <string>
#include <string_view>

#include "discovery/json_object.h"
#include "discovery/object_meta.h"

namespace limpet {

std::string OwnerRecord(const JsonValue& object);
ControllerRef ControllerOfRecord(std::string_view record);

// Labels and annotations alone.
std::string MetaRecord(const JsonValue& object);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_OWNER_H_
