// Endpoints and EndpointSlices, stripped to the fields that targets are made of.
//
// Who calls it: the stores of both kinds and endpoint_targets.cc, on the loop's thread.
// Operation: a slice is read as one subset. Views are into what was read or decoded.
// Limits of an object: 10 000 endpoints, 1000 subsets, 1000 ports a subset, 100 addresses an
// endpoint; Kubernetes itself allows 1000 endpoints. What is beyond is left out.
#ifndef LIMPET_DISCOVERY_ENDPOINTS_H_
#define LIMPET_DISCOVERY_ENDPOINTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/json_object.h"
#include "discovery/object_meta.h"

namespace limpet {

struct EndpointPort {
  std::string_view name;
  std::string_view protocol;
  std::string_view app_protocol;  // of slices
  std::optional<uint32_t> number;
};

struct Endpoint {
  std::vector<std::string_view> addresses;
  std::string_view hostname;
  std::string_view node_name;
  std::string_view zone;  // of slices
  std::string_view target_kind;
  std::string_view target_name_space;
  std::string_view target_name;
  // "true", "false" or empty: not told.
  std::string_view ready;
  std::string_view serving;
  std::string_view terminating;
  TextPairs topology;  // of slices that were once of v1beta1
};

struct EndpointSubset {
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;
};

struct Endpoints {
  ObjectMeta meta;
  std::string_view address_type;  // of slices
  std::vector<EndpointSubset> subsets;
};

std::string EndpointsRecord(const JsonValue& object);
std::string EndpointSliceRecord(const JsonValue& object);
// Of either.
Endpoints DecodeEndpoints(std::string_view record);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_ENDPOINTS_H_
