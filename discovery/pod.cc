#include "discovery/pod.h"

#include <iterator>

#include "discovery/object_meta.h"

namespace limpet {
namespace {

// Far beyond any real pod; a hostile one must not become work without end.
constexpr int kContainersMax = 1000;
constexpr int kPortsMax = 4000;

std::string_view ReadReady(const JsonValue& status) {
  for (const JsonValue& condition : JsonArrayAt(status, "conditions").GetArray()) {
    if (JsonStringAt(condition, "type") != "Ready") continue;
    const std::string_view value = JsonStringAt(condition, "status");
    if (value == "True") return "true";
    if (value == "False") return "false";
    break;
  }
  return "unknown";
}

std::string_view ContainerId(const JsonValue& statuses, std::string_view name) {
  int looked_at = 0;
  for (const JsonValue& status : statuses.GetArray()) {
    if (JsonStringAt(status, "name") == name) return JsonStringAt(status, "containerID");
    if (++looked_at == kContainersMax) break;
  }
  return {};
}

void ReadContainers(const JsonValue& containers, const JsonValue& statuses, bool init, Pod& pod) {
  int ports_left = kPortsMax;
  int containers_left = kContainersMax;
  for (const JsonValue& container : containers.GetArray()) {
    if (--containers_left < 0) break;
    PodContainer& out = pod.containers.emplace_back();
    out.name = JsonStringAt(container, "name");
    out.image = JsonStringAt(container, "image");
    out.id = ContainerId(statuses, out.name);
    out.init = init;
    for (const JsonValue& port : JsonArrayAt(container, "ports").GetArray()) {
      if (--ports_left < 0) break;
      out.ports.push_back({static_cast<uint32_t>(JsonUintAt(port, "containerPort", 65535)),
                           JsonStringAt(port, "name"), JsonStringAt(port, "protocol")});
    }
  }
}

// "true", "false" and "unknown" are literals, so that a view of a Pod never points into a decoder.
constexpr std::string_view kReady[] = {"unknown", "false", "true"};

}  // namespace

Pod ReadPod(const JsonValue& object) {
  const JsonValue& metadata = JsonObjectAt(object, "metadata");
  const JsonValue& spec = JsonObjectAt(object, "spec");
  const JsonValue& status = JsonObjectAt(object, "status");
  Pod pod;
  pod.name = JsonStringAt(metadata, "name");
  pod.name_space = JsonStringAt(metadata, "namespace");
  pod.uid = JsonStringAt(metadata, "uid");
  pod.ip = JsonStringAt(status, "podIP");
  pod.host_ip = JsonStringAt(status, "hostIP");
  pod.node_name = JsonStringAt(spec, "nodeName");
  pod.phase = JsonStringAt(status, "phase");
  pod.ready = ReadReady(status);
  const ControllerRef controller = ReadController(object);
  pod.controller_kind = controller.kind;
  pod.controller_name = controller.name;
  pod.labels = ReadTextPairs(JsonObjectAt(metadata, "labels"));
  pod.annotations = ReadTextPairs(JsonObjectAt(metadata, "annotations"));
  ReadContainers(JsonArrayAt(spec, "containers"), JsonArrayAt(status, "containerStatuses"), false,
                 pod);
  ReadContainers(JsonArrayAt(spec, "initContainers"), JsonArrayAt(status, "initContainerStatuses"),
                 true, pod);
  return pod;
}

std::string EncodePod(const Pod& pod) {
  RecordWriter out;
  for (const std::string_view text :
       {pod.name_space, pod.name, pod.uid, pod.ip, pod.host_ip, pod.node_name, pod.phase,
        pod.controller_kind, pod.controller_name}) {
    out.Text(text);
  }
  out.Number(pod.ready == kReady[2] ? 2 : pod.ready == kReady[1] ? 1 : 0);
  out.Map(pod.labels);
  out.Map(pod.annotations);
  out.Number(pod.containers.size());
  for (const PodContainer& container : pod.containers) {
    out.Text(container.name);
    out.Text(container.image);
    out.Text(container.id);
    out.Number(container.init ? 1 : 0);
    out.Number(container.ports.size());
    for (const PodPort& port : container.ports) {
      out.Number(port.number);
      out.Text(port.name);
      out.Text(port.protocol);
    }
  }
  return out.Take();
}

Pod DecodePod(std::string_view record) {
  RecordReader in(record);
  Pod pod;
  for (std::string_view* text :
       {&pod.name_space, &pod.name, &pod.uid, &pod.ip, &pod.host_ip, &pod.node_name, &pod.phase,
        &pod.controller_kind, &pod.controller_name}) {
    *text = in.Text();
  }
  pod.ready = kReady[in.Number() % std::size(kReady)];
  pod.labels = in.Map();
  pod.annotations = in.Map();
  pod.containers.resize(in.Number());
  for (PodContainer& container : pod.containers) {
    container.name = in.Text();
    container.image = in.Text();
    container.id = in.Text();
    container.init = in.Number() != 0;
    container.ports.resize(in.Number());
    for (PodPort& port : container.ports) {
      port.number = static_cast<uint32_t>(in.Number());
      port.name = in.Text();
      port.protocol = in.Text();
    }
  }
  return pod;
}

}  // namespace limpet
