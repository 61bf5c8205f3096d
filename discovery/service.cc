#include "discovery/service.h"

#include <algorithm>
#include <utility>

#include "discovery/attach_metadata.h"
#include "discovery/bounded_targets.h"
#include "discovery/meta_labels.h"
#include "discovery/object_meta.h"

namespace limpet {
namespace {

constexpr size_t kServicePortsMax = 4000;
constexpr size_t kIngressMax = 1000;

std::string LoadBalancerIps(const JsonValue& object) {
  std::string ips;
  size_t looked_at = 0;
  const JsonValue& balancer = JsonObjectAt(JsonObjectAt(object, "status"), "loadBalancer");
  for (const JsonValue& ingress : JsonArrayAt(balancer, "ingress").GetArray()) {
    if (++looked_at > kIngressMax) break;
    const std::string_view ip = JsonStringAt(ingress, "ip");
    if (ip.empty()) continue;
    if (!ips.empty()) ips.push_back(',');
    ips.append(ip);
  }
  if (ips.empty()) ips = JsonStringAt(JsonObjectAt(object, "spec"), "loadBalancerIP");
  return ips;
}

std::string_view PrimaryFamily(const JsonValue& spec) {
  const std::string_view policy = JsonStringAt(spec, "ipFamilyPolicy");
  if (policy != "PreferDualStack" && policy != "RequireDualStack") return {};
  const JsonValue& families = JsonArrayAt(spec, "ipFamilies");
  if (families.Empty() || !families[0].IsString()) return {};
  return JsonView(families[0]);
}

}  // namespace

// The fields that only the role service has come last.
std::string ServiceRecord(const JsonValue& object) {
  const JsonValue& spec = JsonObjectAt(object, "spec");
  const JsonValue& ports = JsonArrayAt(spec, "ports");
  const std::string_view type = JsonStringAt(spec, "type");
  RecordWriter out;
  WriteObjectMeta(ReadObjectMeta(object), out);
  out.Text(PrimaryFamily(spec));
  out.Text(type);
  out.Text(JsonStringAt(spec, type == "ExternalName" ? "externalName" : "clusterIP"));
  out.Text(type == "LoadBalancer" ? LoadBalancerIps(object) : std::string());
  const size_t count = std::min<size_t>(ports.Size(), kServicePortsMax);
  out.Number(count);
  for (rapidjson::SizeType i = 0; i < count; ++i) {
    out.Number(JsonUintAt(ports[i], "port", 65535));
    out.Text(JsonStringAt(ports[i], "name"));
    out.Text(JsonStringAt(ports[i], "protocol"));
  }
  return out.Take();
}

TargetGroup ServiceTargets(std::string_view record, const AttachMetadata& attach,
                           RelatedObjects& related) {
  RecordReader in(record);
  const ObjectMeta meta = ReadObjectMeta(in);
  in.Text();
  const std::string_view type = in.Text();
  const std::string_view address = in.Text();
  const std::string_view balancer_ips = in.Text();

  TargetGroup group;
  group.source.append("svc/").append(meta.name_space).append("/").append(meta.name);
  std::vector<Label> labels;
  AddServiceLabels(record, labels);
  AttachNamespace(meta.name_space, attach, related, labels);
  group.labels = Labels(std::move(labels));

  std::string host(meta.name);
  host.append(".").append(meta.name_space).append(".svc");
  BoundedTargets targets(group, related);
  for (uint64_t left = in.Number(); left > 0; --left) {
    const uint64_t port = in.Number();
    std::vector<Label> target = {{"__address__", JoinHostPort(host, port)}};
    AddMeta(target, "service_port_name", in.Text());
    AddMeta(target, "service_port_number", std::to_string(port));
    AddMeta(target, "service_port_protocol", in.Text());
    AddMeta(target, "service_type", type);
    AddMeta(target, type == "ExternalName" ? "service_external_name" : "service_cluster_ip",
            address);
    AddMeta(target, "service_loadbalancer_ip", balancer_ips);
    targets.Add(std::move(target));
  }
  return group;
}

void AddServiceLabels(std::string_view record, std::vector<Label>& labels) {
  RecordReader in(record);
  const ObjectMeta meta = ReadObjectMeta(in);
  AddMeta(labels, "namespace", meta.name_space);
  AddObjectMeta(labels, "service", meta);
}

std::string_view DualStackPrimaryFamily(std::string_view record) {
  RecordReader in(record);
  ReadObjectMeta(in);
  return in.Text();
}

}  // namespace limpet
