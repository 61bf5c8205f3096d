#include "discovery/endpoint_targets.h"

#include <string>
#include <utility>
#include <vector>

#include "discovery/attach_metadata.h"
#include "discovery/backing_pods.h"
#include "discovery/bounded_targets.h"
#include "discovery/endpoints.h"
#include "discovery/meta_labels.h"
#include "discovery/service.h"

namespace limpet {
namespace {

void AddEndpointLabels(const Endpoint& endpoint, const EndpointPort& port,
                       std::vector<Label>& labels) {
  AddMeta(labels, "endpoint_port_name", port.name);
  AddMeta(labels, "endpoint_port_protocol", port.protocol);
  AddMeta(labels, "endpoint_ready", endpoint.ready);
  AddMeta(labels, "endpoint_address_target_kind", endpoint.target_kind);
  AddMeta(labels, "endpoint_address_target_name", endpoint.target_name);
  AddMeta(labels, "endpoint_node_name", endpoint.node_name);
  AddMeta(labels, "endpoint_hostname", endpoint.hostname);
}

void AddSliceLabels(const Endpoint& endpoint, const EndpointPort& port,
                    std::vector<Label>& labels) {
  AddMeta(labels, "endpointslice_port_name", port.name);
  AddMeta(labels, "endpointslice_port_protocol", port.protocol);
  if (port.number) AddMeta(labels, "endpointslice_port", std::to_string(*port.number));
  AddMeta(labels, "endpointslice_port_app_protocol", port.app_protocol);
  AddMeta(labels, "endpointslice_endpoint_conditions_ready", endpoint.ready);
  AddMeta(labels, "endpointslice_endpoint_conditions_serving", endpoint.serving);
  AddMeta(labels, "endpointslice_endpoint_conditions_terminating", endpoint.terminating);
  AddMeta(labels, "endpointslice_endpoint_hostname", endpoint.hostname);
  AddMeta(labels, "endpointslice_address_target_kind", endpoint.target_kind);
  AddMeta(labels, "endpointslice_address_target_name", endpoint.target_name);
  AddMeta(labels, "endpointslice_endpoint_node_name", endpoint.node_name);
  AddMeta(labels, "endpointslice_endpoint_zone", endpoint.zone);
  AddMetaPairs(labels, "endpointslice_endpoint_topology", "endpointslice_endpoint_topology_present",
               endpoint.topology);
}

class Maker {
 public:
  Maker(bool slices, const AttachMetadata& attach, RelatedObjects& related, TargetGroup& group)
      : slices_(slices),
        attach_(attach),
        related_(related),
        pods_(attach, related),
        targets_(group, related) {}

  void Add(const EndpointSubset& subset) {
    // Prometheus' orders.
    if (slices_) {
      for (const Endpoint& endpoint : subset.endpoints) {
        for (const EndpointPort& port : subset.ports) Add(endpoint, port);
      }
    } else {
      for (const EndpointPort& port : subset.ports) {
        for (const Endpoint& endpoint : subset.endpoints) Add(endpoint, port);
      }
    }
  }
  void AddUnserved() { pods_.AddUnserved(targets_); }

 private:
  void Add(const Endpoint& endpoint, const EndpointPort& port) {
    for (const std::string_view address : endpoint.addresses) {
      if (targets_.full()) return;
      Add(endpoint, port, address);
    }
  }

  void Add(const Endpoint& endpoint, const EndpointPort& port, std::string_view address) {
    std::vector<Label> labels;
    labels.reserve(32);
    if (port.number || !slices_) {
      labels.push_back({"__address__", JoinHostPort(address, port.number.value_or(0))});
    } else {
      labels.push_back({"__address__", std::string(address)});
    }
    slices_ ? AddSliceLabels(endpoint, port, labels) : AddEndpointLabels(endpoint, port, labels);
    if (attach_.node) AddNode(endpoint, labels);
    if (endpoint.target_kind == "Pod") AddPod(endpoint, port, labels);
    targets_.Add(std::move(labels));
  }

  void AddNode(const Endpoint& endpoint, std::vector<Label>& labels) {
    std::string_view node = endpoint.node_name;
    if (endpoint.target_kind == "Node" && (slices_ || node.empty())) node = endpoint.target_name;
    if (!node.empty()) AttachNode(node, related_, labels);
  }

  void AddPod(const Endpoint& endpoint, const EndpointPort& port, std::vector<Label>& labels) {
    BackingPods::Entry* entry = pods_.Find(endpoint.target_name_space, endpoint.target_name);
    if (entry == nullptr) return;
    labels.insert(labels.end(), entry->labels.begin(), entry->labels.end());
    if (!port.number) return;
    entry->served.insert(*port.number);
    const auto declared = entry->ports.find(*port.number);
    if (declared == entry->ports.end()) return;
    const auto& [container, container_port] = declared->second;
    AddContainerLabels(*container, *container_port,
                       slices_ ? container_port->protocol : port.protocol, labels);
  }

  const bool slices_;
  const AttachMetadata& attach_;
  RelatedObjects& related_;
  BackingPods pods_;
  BoundedTargets targets_;
};

TargetGroup Make(std::string_view record, bool slices, const AttachMetadata& attach,
                 RelatedObjects& related) {
  const Endpoints endpoints = DecodeEndpoints(record);
  const ObjectMeta& meta = endpoints.meta;
  const std::string role = slices ? "endpointslice" : "endpoints";
  TargetGroup group;
  group.source.append(role).append("/").append(meta.name_space).append("/").append(meta.name);

  std::vector<Label> labels;
  AddMeta(labels, "namespace", meta.name_space);
  AddMeta(labels, "endpointslice_address_type", endpoints.address_type);
  const std::string_view service_name =
      slices ? meta.Label("kubernetes.io/service-name") : meta.name;
  const auto service = service_name.empty()
                           ? std::nullopt
                           : related.Find(Related::kService, meta.name_space, service_name);
  if (service) AddServiceLabels(*service, labels);
  AddObjectMeta(labels, role, meta);
  AttachNamespace(meta.name_space, attach, related, labels);
  group.labels = Labels(std::move(labels));

  if (service && slices) {
    const std::string_view primary = DualStackPrimaryFamily(*service);
    if (!primary.empty() && primary != endpoints.address_type) return group;
  }
  Maker maker(slices, attach, related, group);
  for (const EndpointSubset& subset : endpoints.subsets) maker.Add(subset);
  maker.AddUnserved();
  return group;
}

}  // namespace

TargetGroup EndpointsTargets(std::string_view record, const AttachMetadata& attach,
                             RelatedObjects& related) {
  return Make(record, /*slices=*/false, attach, related);
}

TargetGroup EndpointSliceTargets(std::string_view record, const AttachMetadata& attach,
                                 RelatedObjects& related) {
  return Make(record, /*slices=*/true, attach, related);
}

}  // namespace limpet
