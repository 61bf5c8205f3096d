// What every Kubernetes object has: its names, labels and annotations.
//
// Who calls it: the readers of kinds in discovery/, on the loop's thread. Views are into what it
// was read from. Values that are not text are left out.
#ifndef LIMPET_DISCOVERY_OBJECT_META_H_
#define LIMPET_DISCOVERY_OBJECT_META_H_

#include <string_view>

#include "discovery/json_object.h"
#include "discovery/record.h"

namespace limpet {

struct ObjectMeta {
  std::string_view name_space;
  std::string_view name;
  TextPairs labels;
  TextPairs annotations;

  // Empty where there is no such label.
  std::string_view Label(std::string_view name_of_label) const;
};

TextPairs ReadTextPairs(const JsonValue& object);
ObjectMeta ReadObjectMeta(const JsonValue& object);

// A record that begins with it.
void WriteObjectMeta(const ObjectMeta& meta, RecordWriter& out);
ObjectMeta ReadObjectMeta(RecordReader& in);

// The owner that controls the object; empty where there is none.
struct ControllerRef {
  std::string_view kind;
  std::string_view name;
};
ControllerRef ReadController(const JsonValue& object);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_OBJECT_META_H_
