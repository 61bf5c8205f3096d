// The roles endpoints and endpointslice: labels as Prometheus has them, joined from several
// objects.
#include <doctest/doctest.h>

#include "tests/discovery/related_fake.h"

namespace limpet {
namespace {

constexpr const char* kService = R"({"metadata":{"name":"web","namespace":"shop",
  "labels":{"tier":"front"},"annotations":{"note":"svc"}},"spec":{}})";
constexpr const char* kPod = R"({"metadata":{"name":"web-1","namespace":"shop","uid":"u1",
  "labels":{"app":"web"},"ownerReferences":[{"kind":"ReplicaSet","name":"web-rs",
  "controller":true}]},"spec":{"nodeName":"n1","containers":[
  {"name":"app","image":"app:1","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"},
  {"name":"admin","containerPort":9090,"protocol":"TCP"}]}],"initContainers":[
  {"name":"init","image":"init:1","ports":[{"name":"late","containerPort":7070,
  "protocol":"SCTP"}]}]},"status":{"podIP":"10.0.0.1","hostIP":"192.168.0.1","phase":"Running",
  "conditions":[{"type":"Ready","status":"True"}],
  "containerStatuses":[{"name":"app","containerID":"containerd://1"}]}})";

RelatedFake WebShop() {
  RelatedFake related;
  related.Add(Related::kService, kService).Add(Related::kPod, kPod);
  return related;
}

std::vector<Label> With(std::vector<Label> labels, const std::vector<Label>& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

const std::vector<Label> kPodLabels = {{"__meta_kubernetes_pod_name", "web-1"},
                                       {"__meta_kubernetes_pod_ip", "10.0.0.1"},
                                       {"__meta_kubernetes_pod_host_ip", "192.168.0.1"},
                                       {"__meta_kubernetes_pod_ready", "true"},
                                       {"__meta_kubernetes_pod_phase", "Running"},
                                       {"__meta_kubernetes_pod_node_name", "n1"},
                                       {"__meta_kubernetes_pod_uid", "u1"},
                                       {"__meta_kubernetes_pod_controller_kind", "ReplicaSet"},
                                       {"__meta_kubernetes_pod_controller_name", "web-rs"},
                                       {"__meta_kubernetes_pod_label_app", "web"},
                                       {"__meta_kubernetes_pod_labelpresent_app", "true"}};

std::vector<Label> Container(const char* name, const char* init, const char* port_name,
                             const char* number, const char* protocol) {
  return {{"__meta_kubernetes_pod_container_name", name},
          {"__meta_kubernetes_pod_container_image", std::string(name) + ":1"},
          {"__meta_kubernetes_pod_container_init", init},
          {"__meta_kubernetes_pod_container_port_name", port_name},
          {"__meta_kubernetes_pod_container_port_number", number},
          {"__meta_kubernetes_pod_container_port_protocol", protocol}};
}

const Labels kAdmin(With(With(kPodLabels, Container("app", "false", "admin", "9090", "TCP")),
                         {{"__address__", "10.0.0.1:9090"}}));
const Labels kInit(With(With(kPodLabels, Container("init", "true", "late", "7070", "SCTP")),
                        {{"__address__", "10.0.0.1:7070"}}));

constexpr const char* kEndpoints = R"({"metadata":{"name":"web","namespace":"shop",
  "labels":{"e":"1"},"annotations":{"f":"2"}},"subsets":[{"ports":[
  {"name":"http","port":8080,"protocol":"UDP"}],"addresses":[{"ip":"10.0.0.1","nodeName":"n1",
  "hostname":"h1","targetRef":{"kind":"Pod","namespace":"shop","name":"web-1"}},
  {"ip":"10.0.0.7"}],"notReadyAddresses":[{"ip":"fd00::2","targetRef":{"kind":"Pod",
  "namespace":"shop","name":"unknown"}}]},{"addresses":[{"ip":"10.9.9.9"}]}]})";

TEST_CASE("endpoints: addresses and ports, joined with service and pods") {
  const TargetGroup group = GroupOf("endpoints", kEndpoints, {}, WebShop());
  CHECK(group.source == "endpoints/shop/web");
  CheckLabels(group.labels, Labels{{"__meta_kubernetes_namespace", "shop"},
                                   {"__meta_kubernetes_endpoints_name", "web"},
                                   {"__meta_kubernetes_endpoints_label_e", "1"},
                                   {"__meta_kubernetes_endpoints_labelpresent_e", "true"},
                                   {"__meta_kubernetes_endpoints_annotation_f", "2"},
                                   {"__meta_kubernetes_endpoints_annotationpresent_f", "true"},
                                   {"__meta_kubernetes_service_name", "web"},
                                   {"__meta_kubernetes_service_label_tier", "front"},
                                   {"__meta_kubernetes_service_labelpresent_tier", "true"},
                                   {"__meta_kubernetes_service_annotation_note", "svc"},
                                   {"__meta_kubernetes_service_annotationpresent_note", "true"}});
  const auto endpoint = [](const char* address, const char* ready) {
    return std::vector<Label>{{"__address__", address},
                              {"__meta_kubernetes_endpoint_port_name", "http"},
                              {"__meta_kubernetes_endpoint_port_protocol", "UDP"},
                              {"__meta_kubernetes_endpoint_ready", ready}};
  };
  // The container's protocol is that of the endpoint here, as in Prometheus.
  const Labels bound(With(With(endpoint("10.0.0.1:8080", "true"), kPodLabels),
                          With(Container("app", "false", "http", "8080", "UDP"),
                               {{"__meta_kubernetes_endpoint_address_target_kind", "Pod"},
                                {"__meta_kubernetes_endpoint_address_target_name", "web-1"},
                                {"__meta_kubernetes_endpoint_node_name", "n1"},
                                {"__meta_kubernetes_endpoint_hostname", "h1"}})));
  const Labels unknown(With(endpoint("[fd00::2]:8080", "false"),
                            {{"__meta_kubernetes_endpoint_address_target_kind", "Pod"},
                             {"__meta_kubernetes_endpoint_address_target_name", "unknown"}}));
  CheckTargets(group, {bound, Labels(endpoint("10.0.0.7:8080", "true")), unknown, kAdmin, kInit});
}

std::string Slice(const std::string& type = "IPv4") {
  return R"({"metadata":{"name":"web-abc","namespace":"shop","labels":{
    "kubernetes.io/service-name":"web"}},"addressType":")" +
         type + R"(","ports":[{"name":"http","port":8080,"protocol":"TCP","appProtocol":"h2c"}],
    "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true,
    "terminating":false},"hostname":"h1","nodeName":"n1","zone":"z1","targetRef":{"kind":"Pod",
    "namespace":"shop","name":"web-1"},"deprecatedTopology":{"topology.kubernetes.io/zone":"z0"}},
    {"addresses":["10.0.0.8","10.0.0.9"],"conditions":{"ready":false}}]})";
}

TEST_CASE("endpointslice: the same by slices, with conditions and zone") {
  const TargetGroup group = GroupOf("endpointslice", Slice(), {}, WebShop());
  CHECK(group.source == "endpointslice/shop/web-abc");
  const std::string name = "__meta_kubernetes_endpointslice_label";
  CheckLabels(group.labels, Labels{{"__meta_kubernetes_namespace", "shop"},
                                   {"__meta_kubernetes_endpointslice_name", "web-abc"},
                                   {"__meta_kubernetes_endpointslice_address_type", "IPv4"},
                                   {name + "_kubernetes_io_service_name", "web"},
                                   {name + "present_kubernetes_io_service_name", "true"},
                                   {"__meta_kubernetes_service_name", "web"},
                                   {"__meta_kubernetes_service_label_tier", "front"},
                                   {"__meta_kubernetes_service_labelpresent_tier", "true"},
                                   {"__meta_kubernetes_service_annotation_note", "svc"},
                                   {"__meta_kubernetes_service_annotationpresent_note", "true"}});
  const std::string p = "__meta_kubernetes_endpointslice_";
  const auto endpoint = [&](const char* address, const char* ready) {
    return std::vector<Label>{
        {"__address__", address},         {p + "port_name", "http"},
        {p + "port_protocol", "TCP"},     {p + "port", "8080"},
        {p + "port_app_protocol", "h2c"}, {p + "endpoint_conditions_ready", ready}};
  };
  const std::string zone = "topology_kubernetes_io_zone";
  const Labels bound(With(With(endpoint("10.0.0.1:8080", "true"), kPodLabels),
                          With(Container("app", "false", "http", "8080", "TCP"),
                               {{p + "endpoint_conditions_serving", "true"},
                                {p + "endpoint_conditions_terminating", "false"},
                                {p + "endpoint_hostname", "h1"},
                                {p + "endpoint_node_name", "n1"},
                                {p + "endpoint_zone", "z1"},
                                {p + "endpoint_topology_" + zone, "z0"},
                                {p + "endpoint_topology_present_" + zone, "true"},
                                {p + "address_target_kind", "Pod"},
                                {p + "address_target_name", "web-1"}})));
  CheckTargets(group, {bound, Labels(endpoint("10.0.0.8:8080", "false")),
                       Labels(endpoint("10.0.0.9:8080", "false")), kAdmin, kInit});
}

TEST_CASE("endpointslice: the second family of a dual-stack service is none of its own") {
  RelatedFake related;
  const auto service = [&](const std::string& spec) {
    RelatedFake fake;
    return fake.Add(Related::kService,
                    R"({"metadata":{"name":"web","namespace":"shop"},"spec":)" + spec + "}");
  };
  const RelatedFake dual =
      service(R"({"ipFamilyPolicy":"PreferDualStack","ipFamilies":["IPv6","IPv4"]})");
  CHECK(GroupOf("endpointslice", Slice("IPv4"), {}, dual).targets.empty());
  CHECK(GroupOf("endpointslice", Slice("IPv6"), {}, dual).targets.size() == 3);
  const RelatedFake single = service(R"({"ipFamilyPolicy":"SingleStack","ipFamilies":["IPv6"]})");
  CHECK(GroupOf("endpointslice", Slice("IPv4"), {}, single).targets.size() == 3);
  CHECK(GroupOf("endpointslice", Slice("IPv4")).targets.size() == 3);
}

TEST_CASE("endpointslice: a port without a number leaves the address bare") {
  const TargetGroup group = GroupOf("endpointslice", R"({"metadata":{"name":"s","namespace":"shop"},
    "ports":[{}],"endpoints":[{"addresses":["10.0.0.1"],"targetRef":{"kind":"Pod","name":"web-1",
    "namespace":"shop"}}]})",
                                    {}, WebShop());
  REQUIRE(group.targets.size() == 4);  // and all three ports of the pod
  CHECK(group.targets[0].Get("__address__") == "10.0.0.1");
  CHECK_FALSE(group.targets[0].Has("__meta_kubernetes_endpointslice_port"));
  CHECK_FALSE(group.targets[0].Has("__meta_kubernetes_pod_container_name"));
}

constexpr const char* kNode = R"({"metadata":{"name":"n1","labels":{"zone":"z"}},"spec":{
  "providerID":"p"}})";

TEST_CASE("attach_metadata: nodes, namespaces, and what a pod belongs to") {
  RelatedFake related = WebShop();
  related.Add(Related::kNode, kNode)
      .Add(Related::kNamespace, R"({"metadata":{"name":"shop","labels":{"team":"x"}}})")
      .Add(Related::kReplicaSet, R"({"metadata":{"name":"web-rs","namespace":"shop",
           "ownerReferences":[{"kind":"Deployment","name":"web","controller":true}]}})");
  const AttachMetadata all{true, true, true, true, true};
  for (const auto& [role, json] :
       {std::pair<std::string, std::string>("endpoints", kEndpoints), {"endpointslice", Slice()}}) {
    CAPTURE(role);
    const TargetGroup group = GroupOf(role, json, all, related);
    CHECK(group.labels.Get("__meta_kubernetes_namespace_label_team") == "x");
    REQUIRE(group.targets.size() == 5);
    CHECK(group.targets[0].Get("__meta_kubernetes_node_name") == "n1");
    CHECK(group.targets[0].Get("__meta_kubernetes_node_label_zone") == "z");
    CHECK_FALSE(group.targets[0].Has("__meta_kubernetes_node_provider_id"));
    CHECK(group.targets[0].Get("__meta_kubernetes_pod_deployment_name") == "web");
    CHECK(group.targets[3].Get("__meta_kubernetes_pod_deployment_name") == "web");
    CHECK_FALSE(group.targets[1].Has("__meta_kubernetes_node_name"));
    CHECK_FALSE(group.targets[3].Has("__meta_kubernetes_node_name"));
    CHECK_FALSE(GroupOf(role, json, {}, related).targets[0].Has("__meta_kubernetes_node_name"));
  }
  const TargetGroup pod = GroupOf("pod", kPod, all, related);
  CHECK(pod.labels.Get("__meta_kubernetes_node_label_zone") == "z");
  CHECK(pod.labels.Get("__meta_kubernetes_pod_deployment_name") == "web");
  CHECK(pod.labels.Get("__meta_kubernetes_namespace_label_team") == "x");
  // A pod on a node that a selector leaves out.
  CHECK(GroupOf("pod", kPod, all, WebShop()).targets.empty());
  CHECK(GroupOf("pod", kPod, {}, WebShop()).targets.size() == 3);
}

TEST_CASE("attach_metadata: an address that is a node, and jobs") {
  RelatedFake related;
  related.Add(Related::kNode, kNode).Add(Related::kJob, R"({"metadata":{"name":"j","namespace":"a",
    "ownerReferences":[{"kind":"CronJob","name":"nightly","controller":true}]}})");
  const AttachMetadata all{true, true, true, true, true};
  const TargetGroup group = GroupOf("endpoints", R"({"metadata":{"name":"kubelet","namespace":"a"},
    "subsets":[{"ports":[{"port":10250}],"addresses":[{"ip":"1.1.1.1","targetRef":{"kind":"Node",
    "name":"n1"}}]}]})",
                                    all, related);
  REQUIRE(group.targets.size() == 1);
  CHECK(group.targets[0].Get("__meta_kubernetes_node_label_zone") == "z");
  const std::string pod = R"({"metadata":{"name":"p","namespace":"a","ownerReferences":[
    {"kind":"Job","name":"j","controller":true}]},"spec":{"nodeName":"n1"},
    "status":{"podIP":"1.1.1.1"}})";
  const Labels labels = GroupOf("pod", pod, all, related).labels;
  CHECK(labels.Get("__meta_kubernetes_pod_job_name") == "j");
  CHECK(labels.Get("__meta_kubernetes_pod_cronjob_name") == "nightly");
}

TEST_CASE("endpoints of one pod a thousand times, which has labels of a megabyte") {
  RelatedFake related;
  related.Add(Related::kPod, R"({"metadata":{"name":"p","namespace":"a","annotations":{"x":")" +
                                 std::string(1 << 20, 'x') +
                                 R"("}},"status":{"podIP":"1.1.1.1"}})");
  std::string addresses;
  for (int i = 0; i < 1000; ++i) {
    addresses += std::string(i == 0 ? "" : ",") +
                 R"({"ip":"1.1.1.1","targetRef":{"kind":"Pod","name":"p","namespace":"a"}})";
  }
  const TargetGroup group =
      FindKubernetesRole("endpoints")
          ->group(RecordOf(kEndpointsKind, R"({"subsets":[{"ports":[{"port":1}],"addresses":[)" +
                                               addresses + "]}]}"),
                  {}, related);
  CHECK(group.targets.size() < 65);
  CHECK(related.cuts_ > 0);
}

}  // namespace
}  // namespace limpet
