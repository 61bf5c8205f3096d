#include "discovery/pod_targets.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "discovery/meta_labels.h"
#include "discovery/pod.h"

namespace limpet {
namespace {

TargetGroup GroupOf(std::string json) {
  rapidjson::Document document;
  REQUIRE(ParseJsonObject(json, document).has_value());
  const std::string record = EncodePod(ReadPod(document));
  return PodTargets(DecodePod(record));
}

// As the API server sends it, with things that do not matter left in.
constexpr const char* kFullPod = R"({
  "kind": "Pod", "apiVersion": "v1",
  "metadata": {
    "name": "api-7d9c", "generateName": "api-", "namespace": "shop", "uid": "abc-123",
    "resourceVersion": "77", "creationTimestamp": "2024-01-01T00:00:00Z",
    "labels": {"app.kubernetes.io/name": "api", "tier": "", "a-b": "1"},
    "annotations": {"prometheus.io/scrape": "true", "note": "line\nbreak \"quoted\" \u00fc"},
    "ownerReferences": [
      {"kind": "Other", "name": "not-this"},
      {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-7d", "controller": true},
      {"kind": "Second", "name": "nor-this", "controller": true}],
    "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:metadata": {"f:labels": {}}}}]},
  "spec": {
    "nodeName": "node-1",
    "containers": [
      {"name": "app", "image": "shop/api:1", "ports": [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"containerPort": 53, "protocol": "UDP"}]},
      {"name": "sidecar", "image": "proxy:2"}],
    "initContainers": [
      {"name": "setup", "image": "setup:3", "ports": [
        {"name": "init", "containerPort": 9000, "protocol": "SCTP"}]}],
    "ephemeralContainers": [{"name": "debugger", "image": "busybox"}]},
  "status": {
    "phase": "Running", "podIP": "10.1.2.3", "hostIP": "192.168.0.1",
    "podIPs": [{"ip": "10.1.2.3"}, {"ip": "fd00::1"}],
    "conditions": [
      {"type": "Initialized", "status": "False"}, {"type": "Ready", "status": "True"}],
    "containerStatuses": [
      {"name": "sidecar", "containerID": "containerd://side"},
      {"name": "app", "containerID": "containerd://app"}],
    "initContainerStatuses": [
      {"name": "setup", "containerID": "containerd://setup"},
      {"name": "app", "containerID": "containerd://wrong"}]}})";

TEST_CASE("a pod's group has Prometheus' labels") {
  const TargetGroup group = GroupOf(kFullPod);
  CHECK(group.source == "pod/shop/api-7d9c");
  // tier has an empty value, which is the same as no label; that it is there is still told.
  const Labels expected{
      {"__meta_kubernetes_namespace", "shop"},
      {"__meta_kubernetes_pod_name", "api-7d9c"},
      {"__meta_kubernetes_pod_ip", "10.1.2.3"},
      {"__meta_kubernetes_pod_ready", "true"},
      {"__meta_kubernetes_pod_phase", "Running"},
      {"__meta_kubernetes_pod_node_name", "node-1"},
      {"__meta_kubernetes_pod_host_ip", "192.168.0.1"},
      {"__meta_kubernetes_pod_uid", "abc-123"},
      {"__meta_kubernetes_pod_controller_kind", "ReplicaSet"},
      {"__meta_kubernetes_pod_controller_name", "api-7d"},
      {"__meta_kubernetes_pod_label_app_kubernetes_io_name", "api"},
      {"__meta_kubernetes_pod_labelpresent_app_kubernetes_io_name", "true"},
      {"__meta_kubernetes_pod_labelpresent_tier", "true"},
      {"__meta_kubernetes_pod_label_a_b", "1"},
      {"__meta_kubernetes_pod_labelpresent_a_b", "true"},
      {"__meta_kubernetes_pod_annotation_prometheus_io_scrape", "true"},
      {"__meta_kubernetes_pod_annotationpresent_prometheus_io_scrape", "true"},
      {"__meta_kubernetes_pod_annotation_note", "line\nbreak \"quoted\" \u00fc"},
      {"__meta_kubernetes_pod_annotationpresent_note", "true"},
  };
  CHECK(group.labels.ToString() == expected.ToString());
}

TEST_CASE("a pod's targets: a port each, the bare address without ports, init containers last") {
  const std::vector<Labels> expected{
      Labels{{"__address__", "10.1.2.3:8080"},
             {"__meta_kubernetes_pod_container_name", "app"},
             {"__meta_kubernetes_pod_container_id", "containerd://app"},
             {"__meta_kubernetes_pod_container_image", "shop/api:1"},
             {"__meta_kubernetes_pod_container_init", "false"},
             {"__meta_kubernetes_pod_container_port_number", "8080"},
             {"__meta_kubernetes_pod_container_port_name", "http"},
             {"__meta_kubernetes_pod_container_port_protocol", "TCP"}},
      Labels{{"__address__", "10.1.2.3:53"},
             {"__meta_kubernetes_pod_container_name", "app"},
             {"__meta_kubernetes_pod_container_id", "containerd://app"},
             {"__meta_kubernetes_pod_container_image", "shop/api:1"},
             {"__meta_kubernetes_pod_container_init", "false"},
             {"__meta_kubernetes_pod_container_port_number", "53"},
             {"__meta_kubernetes_pod_container_port_protocol", "UDP"}},
      Labels{{"__address__", "10.1.2.3"},
             {"__meta_kubernetes_pod_container_name", "sidecar"},
             {"__meta_kubernetes_pod_container_id", "containerd://side"},
             {"__meta_kubernetes_pod_container_image", "proxy:2"},
             {"__meta_kubernetes_pod_container_init", "false"}},
      Labels{{"__address__", "10.1.2.3:9000"},
             {"__meta_kubernetes_pod_container_name", "setup"},
             {"__meta_kubernetes_pod_container_id", "containerd://setup"},
             {"__meta_kubernetes_pod_container_image", "setup:3"},
             {"__meta_kubernetes_pod_container_init", "true"},
             {"__meta_kubernetes_pod_container_port_number", "9000"},
             {"__meta_kubernetes_pod_container_port_name", "init"},
             {"__meta_kubernetes_pod_container_port_protocol", "SCTP"}},
  };
  const TargetGroup group = GroupOf(kFullPod);
  REQUIRE(group.targets.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(group.targets[i].ToString() == expected[i].ToString());
  }
}

std::string SmallPod(const std::string& status) {
  return R"({"metadata":{"name":"p","namespace":"n"},"spec":{"containers":[
    {"name":"c","image":"i","ports":[{"containerPort":80,"protocol":"TCP"}]},
    {"name":"d","image":"i"}]},"status":)" +
         status + "}";
}

TEST_CASE("a pod without an address has no targets, in any phase with one it has") {
  CHECK(GroupOf(SmallPod("{}")).targets.empty());
  CHECK(GroupOf(SmallPod(R"({"phase":"Pending","podIP":""})")).targets.empty());
  CHECK(GroupOf(SmallPod("{}")).source == "pod/n/p");
  for (const char* phase : {"Pending", "Running", "Succeeded", "Failed", "Unknown"}) {
    CAPTURE(phase);
    const TargetGroup group =
        GroupOf(SmallPod(R"({"podIP":"10.0.0.1","phase":")" + std::string(phase) + "\"}"));
    CHECK(group.targets.size() == 2);
    CHECK(group.labels.Get("__meta_kubernetes_pod_phase") == phase);
  }
}

TEST_CASE("an IPv6 address is in brackets before a port only") {
  const TargetGroup group = GroupOf(SmallPod(R"({"podIP":"fd00::a"})"));
  REQUIRE(group.targets.size() == 2);
  CHECK(group.targets[0].Get("__address__") == "[fd00::a]:80");
  CHECK(group.targets[1].Get("__address__") == "fd00::a");
}

TEST_CASE("readiness is that of the Ready condition") {
  const auto ready = [](const std::string& conditions) {
    const TargetGroup group =
        GroupOf(SmallPod(R"({"podIP":"10.0.0.1","conditions":)" + conditions + "}"));
    return std::string(group.labels.Get("__meta_kubernetes_pod_ready"));
  };
  CHECK(ready("[]") == "unknown");
  CHECK(ready(R"([{"type":"ContainersReady","status":"True"}])") == "unknown");
  CHECK(ready(R"([{"type":"Ready","status":"True"}])") == "true");
  CHECK(ready(R"([{"type":"Ready","status":"False"}])") == "false");
  CHECK(ready(R"([{"type":"Ready","status":"Unknown"}])") == "unknown");
}

TEST_CASE("fields of the wrong type are missing ones") {
  for (const char* text : {
           R"({})",
           R"({"metadata":7,"spec":"x","status":[]})",
           R"({"metadata":{"name":1,"labels":[],"annotations":"x","ownerReferences":{}},
               "spec":{"containers":{},"initContainers":7},"status":{"podIP":10}})",
           R"({"metadata":{"labels":{"a":1,"b":null}},"status":{"podIP":"1.2.3.4",
               "conditions":[1,"x",null,[]],"containerStatuses":[7]},
               "spec":{"containers":[null,5,[]]}})",
           R"({"status":{"podIP":"1.2.3.4"},"spec":{"containers":[{"ports":[
               {"containerPort":"80"},{"containerPort":-1},{"containerPort":70000},7]}]}})",
       }) {
    CAPTURE(text);
    const TargetGroup group = GroupOf(text);
    for (const Labels& target : group.targets) CHECK(target.Has("__address__"));
  }
}

TEST_CASE("a pod of absurd size is cut off") {
  std::string containers;
  for (int i = 0; i < 20'000; ++i) containers += i == 0 ? "{}" : ",{}";
  const std::string text = R"({"status":{"podIP":"1.2.3.4","containerStatuses":[)" + containers +
                           R"(]},"spec":{"containers":[)" + containers +
                           R"(],"initContainers":[{"ports":[)" + containers + "]}]}}";
  CHECK(GroupOf(text).targets.size() == 1000 + 4000);
}

TEST_CASE("records are equal exactly where the fields are") {
  const auto record = [](std::string json) {
    rapidjson::Document document;
    REQUIRE(ParseJsonObject(json, document).has_value());
    return EncodePod(ReadPod(document));
  };
  const std::string base = record(SmallPod(R"({"podIP":"10.0.0.1"})"));
  CHECK(base == record(SmallPod(R"({"podIP":"10.0.0.1","qosClass":"Burstable",
      "conditions":[{"type":"PodScheduled","status":"True","lastProbeTime":null}]})")));
  CHECK(base != record(SmallPod(R"({"podIP":"10.0.0.2"})")));
  CHECK(base != record(SmallPod(R"({"podIP":"10.0.0.1","phase":"Running"})")));
  CHECK(base != record(SmallPod(
                    R"({"podIP":"10.0.0.1","conditions":[{"type":"Ready","status":"True"}]})")));
}

TEST_CASE("label names are sanitised as Prometheus does") {
  CHECK(SanitizeLabelName("app.kubernetes.io/part-of") == "app_kubernetes_io_part_of");
  CHECK(SanitizeLabelName("Abc_9") == "Abc_9");
  CHECK(SanitizeLabelName("\u00fcx\u20ac") == "_x_");
  CHECK(SanitizeLabelName("") == "");
}

}  // namespace
}  // namespace limpet
