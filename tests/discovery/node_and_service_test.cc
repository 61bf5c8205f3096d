// The roles node, service and ingress: labels as Prometheus has them, and objects that lie.
#include <doctest/doctest.h>

#include "tests/discovery/related_fake.h"

namespace limpet {
namespace {

constexpr const char* kLinuxNode =
    R"({"metadata":{"name":"node-1","labels":{"kubernetes.io/os":"linux"},
  "annotations":{"a/b":"c"}},"spec":{"providerID":"aws:///zone/i-1"},"status":{
  "addresses":[{"type":"Hostname","address":"host-1"},{"type":"ExternalIP","address":"1.2.3.4"},
    {"type":"InternalIP","address":"10.0.0.1"},{"type":"InternalIP","address":"fd00::1"}],
  "conditions":[{"type":"Ready","status":"True"},{"type":"MemoryPressure","status":"Unknown"}],
  "daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}})";

TEST_CASE("node: the kubelet's address, and the node's labels") {
  const TargetGroup group = GroupOf("node", kLinuxNode);
  CHECK(group.source == "node/node-1");
  CheckLabels(group.labels, Labels{{"__meta_kubernetes_node_name", "node-1"},
                                   {"__meta_kubernetes_node_provider_id", "aws:///zone/i-1"},
                                   {"__meta_kubernetes_node_condition_ready", "true"},
                                   {"__meta_kubernetes_node_condition_memorypressure", "unknown"},
                                   {"__meta_kubernetes_node_label_kubernetes_io_os", "linux"},
                                   {"__meta_kubernetes_node_labelpresent_kubernetes_io_os", "true"},
                                   {"__meta_kubernetes_node_annotation_a_b", "c"},
                                   {"__meta_kubernetes_node_annotationpresent_a_b", "true"}});
  CheckTargets(group, {Labels{{"__address__", "10.0.0.1:10250"},
                              {"instance", "node-1"},
                              {"__meta_kubernetes_node_address_Hostname", "host-1"},
                              {"__meta_kubernetes_node_address_ExternalIP", "1.2.3.4"},
                              {"__meta_kubernetes_node_address_InternalIP", "10.0.0.1"}}});
}

TEST_CASE("node: the order in which addresses are preferred") {
  std::vector<std::string> types = {"InternalIP",  "InternalDNS",  "ExternalIP",
                                    "ExternalDNS", "LegacyHostIP", "Hostname"};
  std::string addresses = R"({"type":"Other","address":"Other"})";
  CHECK(GroupOf("node", R"({"metadata":{"name":"n"},"status":{"addresses":[)" + addresses + "]}}")
            .targets.empty());
  for (; !types.empty(); types.pop_back()) {
    addresses += R"(,{"type":")" + types.back() + R"(","address":")" + types.back() + "\"}";
    const TargetGroup group =
        GroupOf("node", R"({"metadata":{"name":"n"},"status":{"addresses":[)" + addresses + "]}}");
    REQUIRE(group.targets.size() == 1);
    CHECK(group.targets[0].Get("__address__") == types.back() + ":0");
  }
}

std::string Service(const std::string& spec, const std::string& status = "{}") {
  return R"({"metadata":{"name":"web","namespace":"shop","labels":{"app":"web"},
             "annotations":{"note":"x"}},"spec":)" +
         spec + R"(,"status":)" + status + "}";
}

TEST_CASE("service: a target a port, at the service's name") {
  const TargetGroup group = GroupOf("service", Service(R"({"type":"ClusterIP","clusterIP":
    "10.96.0.1","ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080},
    {"port":53,"protocol":"UDP"}]})"));
  CHECK(group.source == "svc/shop/web");
  CheckLabels(group.labels, Labels{{"__meta_kubernetes_namespace", "shop"},
                                   {"__meta_kubernetes_service_name", "web"},
                                   {"__meta_kubernetes_service_label_app", "web"},
                                   {"__meta_kubernetes_service_labelpresent_app", "true"},
                                   {"__meta_kubernetes_service_annotation_note", "x"},
                                   {"__meta_kubernetes_service_annotationpresent_note", "true"}});
  CheckTargets(group, {Labels{{"__address__", "web.shop.svc:80"},
                              {"__meta_kubernetes_service_port_name", "http"},
                              {"__meta_kubernetes_service_port_number", "80"},
                              {"__meta_kubernetes_service_port_protocol", "TCP"},
                              {"__meta_kubernetes_service_type", "ClusterIP"},
                              {"__meta_kubernetes_service_cluster_ip", "10.96.0.1"}},
                       Labels{{"__address__", "web.shop.svc:53"},
                              {"__meta_kubernetes_service_port_number", "53"},
                              {"__meta_kubernetes_service_port_protocol", "UDP"},
                              {"__meta_kubernetes_service_type", "ClusterIP"},
                              {"__meta_kubernetes_service_cluster_ip", "10.96.0.1"}}});
}

TEST_CASE("service: external names and load balancers") {
  const auto target = [](const std::string& spec, const std::string& status = "{}") {
    const TargetGroup group = GroupOf("service", Service(spec, status));
    REQUIRE(group.targets.size() == 1);
    return group.targets[0];
  };
  const Labels external = target(R"({"type":"ExternalName","externalName":"db.example.com",
    "clusterIP":"","ports":[{"port":1}]})");
  CHECK(external.Get("__meta_kubernetes_service_external_name") == "db.example.com");
  CHECK_FALSE(external.Has("__meta_kubernetes_service_cluster_ip"));
  const std::string balancer = R"({"type":"LoadBalancer","clusterIP":"10.96.0.2",
    "loadBalancerIP":"9.9.9.9","ports":[{"port":1}]})";
  CHECK(target(balancer).Get("__meta_kubernetes_service_loadbalancer_ip") == "9.9.9.9");
  CHECK(target(balancer, R"({"loadBalancer":{"ingress":[{"ip":"1.1.1.1"},{"hostname":"h"},
    {"ip":"2.2.2.2"}]}})")
            .Get("__meta_kubernetes_service_loadbalancer_ip") == "1.1.1.1,2.2.2.2");
  CHECK(target(balancer).Get("__meta_kubernetes_service_cluster_ip") == "10.96.0.2");
  CHECK(GroupOf("service", Service("{}")).targets.empty());
}

TEST_CASE("ingress: a target a path, https where a TLS host covers the rule") {
  const TargetGroup group = GroupOf("ingress", R"({"metadata":{"name":"i","namespace":"shop",
    "labels":{"a":"b"}},"spec":{"ingressClassName":"nginx",
    "tls":[{"hosts":["*.example.com","plain"]},{"secretName":"x"}],"rules":[
    {"host":"a.example.com","http":{"paths":[{"path":"/api"},{"path":""}]}},
    {"host":"a.b.example.com","http":{"paths":[{"path":"/x"}]}},
    {"host":"example.com"}, {"host":"plain"}, {"host":"none","http":{"paths":[]}}]}})");
  CHECK(group.source == "ingress/shop/i");
  CheckLabels(group.labels, Labels{{"__meta_kubernetes_namespace", "shop"},
                                   {"__meta_kubernetes_ingress_name", "i"},
                                   {"__meta_kubernetes_ingress_class_name", "nginx"},
                                   {"__meta_kubernetes_ingress_label_a", "b"},
                                   {"__meta_kubernetes_ingress_labelpresent_a", "true"}});
  const auto target = [](const char* host, const char* scheme, const char* path) {
    return Labels{{"__address__", host},
                  {"__meta_kubernetes_ingress_host", host},
                  {"__meta_kubernetes_ingress_scheme", scheme},
                  {"__meta_kubernetes_ingress_path", path}};
  };
  CheckTargets(group,
               {target("a.example.com", "https", "/api"), target("a.example.com", "https", "/"),
                target("a.b.example.com", "http", "/x"), target("example.com", "http", "/"),
                target("plain", "https", "/")});
}

TEST_CASE("attach_metadata.namespace goes to services and ingresses") {
  AttachMetadata attach;
  attach.name_space = true;
  RelatedFake related;
  related.Add(Related::kNamespace, R"({"metadata":{"name":"shop","labels":{"team":"x"},
                                       "annotations":{"owner":"y"}}})");
  for (const auto& [role, json] :
       {std::pair("service", Service("{}")), std::pair("ingress", std::string(R"({"metadata":{
                                     "name":"i","namespace":"shop"}})"))}) {
    CAPTURE(role);
    const Labels labels = GroupOf(role, json, attach, related).labels;
    CHECK(labels.Get("__meta_kubernetes_namespace_label_team") == "x");
    CHECK(labels.Get("__meta_kubernetes_namespace_labelpresent_team") == "true");
    CHECK(labels.Get("__meta_kubernetes_namespace_annotation_owner") == "y");
    CHECK(labels.Get("__meta_kubernetes_namespace_annotationpresent_owner") == "true");
  }
}

TEST_CASE("fields of the wrong type are missing ones, in every role") {
  const char* texts[] = {
      R"({})",
      R"({"metadata":7,"spec":"x","status":[],"subsets":{},"endpoints":1,"ports":"x"})",
      R"({"metadata":{"name":1,"labels":[],"annotations":"x"},"spec":{"ports":{},"rules":1,
          "tls":{}},"status":{"addresses":{},"conditions":"x","daemonEndpoints":[]}})",
      R"({"metadata":{"labels":{"a":1,"b":null}},"spec":{"ports":[1,null,[],{"port":"80"}],
          "rules":[1,null,{"host":7,"http":{"paths":[7,{"path":{}}]}},{"http":[]}],
          "tls":[7,{"hosts":[1]}],"ipFamilyPolicy":"RequireDualStack","ipFamilies":[4]},
          "status":{"addresses":[1,{"type":"InternalIP","address":4}],"conditions":[null,{}],
          "loadBalancer":{"ingress":[1]}}})",
      R"({"subsets":[1,null,{"ports":[{"port":-1},{"port":"x"},{"port":70000},7],
          "addresses":[1,{"ip":5},{"ip":"1.1.1.1","targetRef":7},{"ip":"::1","targetRef":
          {"kind":"Pod","name":{},"namespace":[]}}]}],"addressType":6,
          "ports":[{"port":-1},{"port":1.5},null],"endpoints":[7,null,{"addresses":[1,"1.1.1.1"],
          "conditions":{"ready":"true"},"targetRef":"x","deprecatedTopology":[]}]})",
  };
  AttachMetadata attach{true, true, true, true, true};
  for (const char* text : texts) {
    CAPTURE(text);
    for (const char* role : {"pod", "node", "service", "endpoints", "endpointslice", "ingress"}) {
      CAPTURE(role);
      GroupOf(role, text, attach);
      RecordOf(kReplicaSetKind, text);
      RecordOf(kNamespaceKind, text);
    }
  }
}

TEST_CASE("objects of absurd size are cut off") {
  std::string rules;
  for (int i = 0; i < 20'000; ++i) rules += std::string(i == 0 ? "" : ",") + R"({"host":"h"})";
  CHECK(GroupOf("ingress", R"({"spec":{"rules":[)" + rules + "]}}").targets.size() == 10'000);
  std::string ports;
  for (int i = 0; i < 20'000; ++i) ports += std::string(i == 0 ? "" : ",") + R"({"port":1})";
  CHECK(GroupOf("service", Service(R"({"ports":[)" + ports + "]}")).targets.size() == 4000);
  // One text of a megabyte in each target.
  RelatedFake related;
  const std::string big(1 << 20, 'x');
  const TargetGroup group = FindKubernetesRole("service")->group(
      RecordOf(kServiceKind, Service(R"({"clusterIP":")" + big + R"(","ports":[)" + ports + "]}")),
      {}, related);
  CHECK(group.targets.size() < 64);
  CHECK(related.cuts_ > 0);
}

}  // namespace
}  // namespace limpet
