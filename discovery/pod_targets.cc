#include "discovery/pod_targets.h"

#include <string>
#include <utility>

namespace limpet {
namespace {

constexpr std::string_view kPrefix = "__meta_kubernetes_pod_";

std::string Name(std::string_view rest) { return std::string(kPrefix).append(rest); }

void Add(std::vector<Label>& labels, std::string_view name, std::string_view value) {
  labels.push_back({Name(name), std::string(value)});
}

// kind_X="value" and kindpresent_X="true", X being the sanitised key.
void AddMap(std::vector<Label>& labels, std::string_view kind,
            const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  for (const auto& [key, value] : pairs) {
    const std::string suffix = "_" + SanitizeLabelName(key);
    Add(labels, std::string(kind) + suffix, value);
    Add(labels, std::string(kind) + "present" + suffix, "true");
  }
}

Labels GroupLabels(const Pod& pod) {
  std::vector<Label> labels;
  labels.reserve(10 + 2 * (pod.labels.size() + pod.annotations.size()));
  labels.push_back({"__meta_kubernetes_namespace", std::string(pod.name_space)});
  Add(labels, "name", pod.name);
  Add(labels, "ip", pod.ip);
  Add(labels, "ready", pod.ready);
  Add(labels, "phase", pod.phase);
  Add(labels, "node_name", pod.node_name);
  Add(labels, "host_ip", pod.host_ip);
  Add(labels, "uid", pod.uid);
  Add(labels, "controller_kind", pod.controller_kind);
  Add(labels, "controller_name", pod.controller_name);
  AddMap(labels, "label", pod.labels);
  AddMap(labels, "annotation", pod.annotations);
  return Labels(std::move(labels));
}

std::string JoinHostPort(std::string_view host, std::string_view port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  std::string out;
  out.append(v6 ? "[" : "").append(host).append(v6 ? "]:" : ":").append(port);
  return out;
}

Labels TargetLabels(const Pod& pod, const PodContainer& container, const PodPort* port) {
  std::vector<Label> labels;
  labels.reserve(8);
  Add(labels, "container_name", container.name);
  Add(labels, "container_id", container.id);
  Add(labels, "container_image", container.image);
  Add(labels, "container_init", container.init ? "true" : "false");
  if (port == nullptr) {
    labels.push_back({"__address__", std::string(pod.ip)});
  } else {
    const std::string number = std::to_string(port->number);
    labels.push_back({"__address__", JoinHostPort(pod.ip, number)});
    Add(labels, "container_port_number", number);
    Add(labels, "container_port_name", port->name);
    Add(labels, "container_port_protocol", port->protocol);
  }
  return Labels(std::move(labels));
}

}  // namespace

std::string SanitizeLabelName(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    // One '_' for a character of several bytes: those after its first are passed over.
    if (plain || c == '_') {
      out.push_back(c);
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      out.push_back('_');
    }
  }
  return out;
}

TargetGroup PodTargets(const Pod& pod) {
  TargetGroup group;
  group.source.append("pod/").append(pod.name_space).append("/").append(pod.name);
  if (pod.ip.empty()) return group;
  group.labels = GroupLabels(pod);
  for (const PodContainer& container : pod.containers) {
    if (container.ports.empty()) group.targets.push_back(TargetLabels(pod, container, nullptr));
    for (const PodPort& port : container.ports) {
      group.targets.push_back(TargetLabels(pod, container, &port));
    }
  }
  return group;
}

}  // namespace limpet
