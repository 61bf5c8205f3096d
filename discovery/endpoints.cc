#include "discovery/endpoints.h"

#include <array>
#include <utility>

namespace limpet {
namespace {

constexpr size_t kObjectEndpointsMax = 10'000;
constexpr size_t kSubsetsMax = 1000;
constexpr size_t kEndpointPortsMax = 1000;
constexpr size_t kAddressesMax = 100;

std::vector<EndpointPort> ReadPorts(const JsonValue& object) {
  std::vector<EndpointPort> ports;
  for (const JsonValue& port : JsonArrayAt(object, "ports").GetArray()) {
    if (ports.size() == kEndpointPortsMax) break;
    EndpointPort& out = ports.emplace_back();
    out.name = JsonStringAt(port, "name");
    out.protocol = JsonStringAt(port, "protocol");
    out.app_protocol = JsonStringAt(port, "appProtocol");
    if (port.IsObject() && port.HasMember("port") && port["port"].IsUint() &&
        port["port"].GetUint() <= 65535) {
      out.number = port["port"].GetUint();
    }
  }
  return ports;
}

void ReadTarget(const JsonValue& object, Endpoint& endpoint) {
  const JsonValue& target = JsonObjectAt(object, "targetRef");
  endpoint.target_kind = JsonStringAt(target, "kind");
  endpoint.target_name_space = JsonStringAt(target, "namespace");
  endpoint.target_name = JsonStringAt(target, "name");
  endpoint.hostname = JsonStringAt(object, "hostname");
  endpoint.node_name = JsonStringAt(object, "nodeName");
}

void ReadAddresses(const JsonValue& list, std::string_view ready, size_t& left,
                   EndpointSubset& subset) {
  for (const JsonValue& address : list.GetArray()) {
    const std::string_view ip = JsonStringAt(address, "ip");
    if (ip.empty()) continue;
    if (left == 0) break;
    --left;
    Endpoint& endpoint = subset.endpoints.emplace_back();
    endpoint.addresses.push_back(ip);
    endpoint.ready = ready;
    ReadTarget(address, endpoint);
  }
}

std::string_view ReadCondition(const JsonValue& conditions, const char* name) {
  if (!conditions.HasMember(name) || !conditions[name].IsBool()) return {};
  return conditions[name].GetBool() ? "true" : "false";
}

Endpoint ReadSliceEndpoint(const JsonValue& object) {
  Endpoint endpoint;
  for (const JsonValue& address : JsonArrayAt(object, "addresses").GetArray()) {
    if (endpoint.addresses.size() == kAddressesMax) break;
    if (address.IsString()) endpoint.addresses.push_back(JsonView(address));
  }
  const JsonValue& conditions = JsonObjectAt(object, "conditions");
  endpoint.ready = ReadCondition(conditions, "ready");
  endpoint.serving = ReadCondition(conditions, "serving");
  endpoint.terminating = ReadCondition(conditions, "terminating");
  endpoint.zone = JsonStringAt(object, "zone");
  endpoint.topology = ReadTextPairs(JsonObjectAt(object, "deprecatedTopology"));
  ReadTarget(object, endpoint);
  return endpoint;
}

// Literals, so that a view never points into a decoder.
constexpr std::array<std::string_view, 3> kConditions = {"", "false", "true"};

uint64_t Condition(std::string_view condition) {
  return condition == kConditions[2] ? 2 : condition == kConditions[1] ? 1 : 0;
}

void WriteEndpoint(const Endpoint& endpoint, RecordWriter& out) {
  out.Number(endpoint.addresses.size());
  for (const std::string_view address : endpoint.addresses) out.Text(address);
  for (const std::string_view text :
       {endpoint.hostname, endpoint.node_name, endpoint.zone, endpoint.target_kind,
        endpoint.target_name_space, endpoint.target_name}) {
    out.Text(text);
  }
  out.Number(Condition(endpoint.ready) + 3 * Condition(endpoint.serving) +
             9 * Condition(endpoint.terminating));
  out.Map(endpoint.topology);
}

Endpoint DecodeEndpoint(RecordReader& in) {
  Endpoint endpoint;
  endpoint.addresses.resize(in.Number());
  for (std::string_view& address : endpoint.addresses) address = in.Text();
  for (std::string_view* text :
       {&endpoint.hostname, &endpoint.node_name, &endpoint.zone, &endpoint.target_kind,
        &endpoint.target_name_space, &endpoint.target_name}) {
    *text = in.Text();
  }
  const uint64_t conditions = in.Number();
  endpoint.ready = kConditions[conditions % 3];
  endpoint.serving = kConditions[conditions / 3 % 3];
  endpoint.terminating = kConditions[conditions / 9 % 3];
  endpoint.topology = in.Map();
  return endpoint;
}

std::string Encode(const Endpoints& endpoints) {
  RecordWriter out;
  WriteObjectMeta(endpoints.meta, out);
  out.Text(endpoints.address_type);
  out.Number(endpoints.subsets.size());
  for (const EndpointSubset& subset : endpoints.subsets) {
    out.Number(subset.ports.size());
    for (const EndpointPort& port : subset.ports) {
      out.Text(port.name);
      out.Text(port.protocol);
      out.Text(port.app_protocol);
      out.Number(port.number ? *port.number + 1 : 0);
    }
    out.Number(subset.endpoints.size());
    for (const Endpoint& endpoint : subset.endpoints) WriteEndpoint(endpoint, out);
  }
  return out.Take();
}

}  // namespace

std::string EndpointsRecord(const JsonValue& object) {
  Endpoints endpoints;
  endpoints.meta = ReadObjectMeta(object);
  size_t left = kObjectEndpointsMax;
  for (const JsonValue& item : JsonArrayAt(object, "subsets").GetArray()) {
    if (endpoints.subsets.size() == kSubsetsMax) break;
    EndpointSubset& subset = endpoints.subsets.emplace_back();
    subset.ports = ReadPorts(item);
    ReadAddresses(JsonArrayAt(item, "addresses"), "true", left, subset);
    ReadAddresses(JsonArrayAt(item, "notReadyAddresses"), "false", left, subset);
  }
  return Encode(endpoints);
}

std::string EndpointSliceRecord(const JsonValue& object) {
  Endpoints endpoints;
  endpoints.meta = ReadObjectMeta(object);
  endpoints.address_type = JsonStringAt(object, "addressType");
  EndpointSubset& subset = endpoints.subsets.emplace_back();
  subset.ports = ReadPorts(object);
  for (const JsonValue& item : JsonArrayAt(object, "endpoints").GetArray()) {
    if (subset.endpoints.size() == kObjectEndpointsMax) break;
    subset.endpoints.push_back(ReadSliceEndpoint(item));
  }
  return Encode(endpoints);
}

Endpoints DecodeEndpoints(std::string_view record) {
  RecordReader in(record);
  Endpoints endpoints;
  endpoints.meta = ReadObjectMeta(in);
  endpoints.address_type = in.Text();
  endpoints.subsets.resize(in.Number());
  for (EndpointSubset& subset : endpoints.subsets) {
    subset.ports.resize(in.Number());
    for (EndpointPort& port : subset.ports) {
      port.name = in.Text();
      port.protocol = in.Text();
      port.app_protocol = in.Text();
      if (const uint64_t number = in.Number(); number > 0) {
        port.number = static_cast<uint32_t>(number - 1);
      }
    }
    subset.endpoints.resize(in.Number());
    for (Endpoint& endpoint : subset.endpoints) endpoint = DecodeEndpoint(in);
  }
  return endpoints;
}

}  // namespace limpet
