// A pod, stripped to the fields that targets are made of.
//
// Who calls it: the roles that have to do with pods, on the loop's thread.
// Operation: ReadPod takes the fields from an object of the API server; EncodePod packs them into a
// record of some hundred bytes, which is what is kept per pod; DecodePod unpacks it. Two pods make
// the same targets if and only if their records are equal, or neither has an address. Views in a
// Pod are into what it was read or decoded from.
#ifndef LIMPET_DISCOVERY_POD_H_
#define LIMPET_DISCOVERY_POD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/json_object.h"
#include "discovery/record.h"

namespace limpet {

struct PodPort {
  uint32_t number = 0;
  std::string_view name;
  std::string_view protocol;
};

struct PodContainer {
  std::string_view name;
  std::string_view image;
  std::string_view id;  // "containerd://...", empty until it has run
  bool init = false;
  std::vector<PodPort> ports;
};

struct Pod {
  std::string_view name;
  std::string_view name_space;
  std::string_view uid;
  std::string_view ip;
  std::string_view host_ip;
  std::string_view node_name;
  std::string_view phase;
  std::string_view ready;  // "true", "false" or "unknown"
  std::string_view controller_kind;
  std::string_view controller_name;
  TextPairs labels;
  TextPairs annotations;
  std::vector<PodContainer> containers;  // init containers last
};

Pod ReadPod(const JsonValue& object);

std::string EncodePod(const Pod& pod);
inline std::string PodRecord(const JsonValue& object) { return EncodePod(ReadPod(object)); }
// Only for what EncodePod made.
Pod DecodePod(std::string_view record);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_POD_H_
