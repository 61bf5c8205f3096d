// Groups that are made of several kinds: what is watched, in which order things may come, and which
// groups an event makes anew.
#include <doctest/doctest.h>

#include "tests/discovery/cluster_fixture.h"

namespace limpet {
namespace {

using Calls = std::vector<DiscoveryFixture::Call>;
using Sources = std::set<std::string>;

std::string LabelledPod(const std::string& name, const std::string& label = "x",
                        const std::string& node = "n1") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"a","labels":{"l":")" + label +
         R"("}},"spec":{"nodeName":")" + node +
         R"(","containers":[{"name":"c","ports":[{"containerPort":80}]}]},)" +
         R"("status":{"podIP":"10.0.0.1","qosClass":"Burstable"}})";
}

std::string ServiceObject(const std::string& name, const std::string& label = "x") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"a","labels":{"l":")" + label +
         R"("}}})";
}

// With one address for each pod.
std::string Endpoints(const std::string& name, const std::vector<std::string>& pods) {
  std::string addresses;
  for (const std::string& pod : pods) {
    addresses += (addresses.empty() ? "" : ",") +
                 (R"({"ip":"10.0.0.1","nodeName":"n1","targetRef":{"kind":"Pod","namespace":"a",)"
                  R"("name":")" +
                  pod + "\"}}");
  }
  return R"({"metadata":{"name":")" + name +
         R"(","namespace":"a"},"subsets":[{"ports":[{"port":80}],"addresses":[)" + addresses +
         "]}]}";
}

std::string Slice(const std::string& name, const std::string& service, const std::string& pod) {
  return R"({"metadata":{"name":")" + name +
         R"(","namespace":"a","labels":{"kubernetes.io/service-name":")" + service +
         R"("}},"ports":[{"port":80}],"endpoints":[{"addresses":["10.0.0.1"],"targetRef":)" +
         R"({"kind":"Pod","namespace":"a","name":")" + pod + R"("}}]})";
}

std::string Node(const std::string& name, const std::string& label = "x") {
  return R"({"metadata":{"name":")" + name + R"(","labels":{"l":")" + label + R"("}}})";
}

constexpr const char* kPodLabel = "__meta_kubernetes_pod_label_l";
constexpr const char* kServiceLabel = "__meta_kubernetes_service_label_l";
constexpr const char* kNodeLabel = "__meta_kubernetes_node_label_l";

TEST_CASE_FIXTURE(ClusterFixture, "one watch a kind, shared by jobs and roles") {
  objects_[kPods] = {LabelledPod("p")};
  objects_[kServices] = {ServiceObject("s")};
  objects_[kEndpoints] = {Endpoints("s", {"p"})};
  objects_[kSlices] = {Slice("s-1", "s", "p")};
  Apply({Job("job", {Role("endpoints"), Role("pod")}), Job("other", {Role("endpointslice")}),
         Job("third", {Role("service"), Role("endpoints")})});
  CHECK_FALSE(discovery_->AllListed());
  ServeUntilConnected();
  CHECK(discovery_->AllListed());
  CHECK(discovery_->Status().size() == 4);
  for (const char* path : {kPods, kServices, kEndpoints, kSlices}) CHECK(Requests(path) == 2);
  CHECK(Known() == Sources{"endpoints/a/s", "pod/a/p#1"});
  CHECK(Known("other") == Sources{"endpointslice/a/s-1"});
  CHECK(Known("third") == Sources{"endpoints/a/s#1"});  // the service has no ports
  // What is needed no longer is watched no longer, what is needed still goes on.
  Apply({Job("job", {Role("pod")})});
  CHECK(discovery_->Status().size() == 1);
  CHECK(Known() == Sources{"pod/a/p"});
  for (int i = 0; i < 20; ++i) Turn();
  CHECK(Requests(kPods) == 2);
  // A discovery whose stores have listed already tells its groups at once.
  Apply({Job("job", {Role("pod")}), Job("late", {Role("pod"), Role("pod")})});
  CHECK(Known("late") == Sources{"pod/a/p", "pod/a/p#1"});
}

TEST_CASE_FIXTURE(ClusterFixture, "selectors and namespaces go to the kinds they are for") {
  KubernetesSdConfig config = Role("endpoints");
  config.namespaces = {"a"};
  config.selectors = {{"pod", "p=1", ""}, {"service", "", "s=2"}, {"endpoints", "e=3", ""}};
  config.attach.node = config.attach.name_space = true;
  Apply({Job("job", {config})});
  ServeUntilConnected();
  std::map<std::string, std::string> asked;
  for (const ApiRequest& request : server_.requests()) {
    std::string selectors;
    for (const char* key : {"labelSelector", "fieldSelector"}) {
      if (request.query.contains(key)) selectors += request.query.at(key) + ";";
    }
    const auto [known, added] = asked.emplace(request.path, selectors);
    CHECK(known->second == selectors);
  }
  CHECK(asked == std::map<std::string, std::string>{{"/api/v1/namespaces/a/endpoints", "e=3;"},
                                                    {"/api/v1/namespaces/a/pods", "p=1;"},
                                                    {"/api/v1/namespaces/a/services", "s=2;"},
                                                    {"/api/v1/namespaces", ""},
                                                    {"/api/v1/nodes", ""}});
}

TEST_CASE_FIXTURE(ClusterFixture,
                  "nothing is told before all kinds have listed, then all at once") {
  for (const char* late : {kPods, kServices, kEndpoints}) CHECK(objects_[late].empty());
  objects_[kPods] = {LabelledPod("p", "pod")};
  objects_[kServices] = {ServiceObject("s", "service")};
  objects_[kEndpoints] = {Endpoints("s", {"p"})};
  std::string late;
  SUBCASE("pods last") { late = kPods; }
  SUBCASE("services last") { late = kServices; }
  SUBCASE("endpoints last") { late = kEndpoints; }
  held_ = {late};
  Apply({Job("job", {Role("endpoints")})});
  ServeUntil([&] {
    size_t connected = 0;
    for (const DiscoveryStatus& status : discovery_->Status()) connected += status.connected;
    return connected == 2;
  });
  CHECK(calls_.empty());
  CHECK_FALSE(discovery_->AllListed());
  held_.clear();
  ServeUntilConnected();
  CHECK(calls_ == Calls{{"job", {"endpoints/a/s"}}});
  CHECK(Target("endpoints/a/s").Get(kPodLabel) == "pod");
  CHECK(groups_["job"]["endpoints/a/s"].labels.Get(kServiceLabel) == "service");
}

TEST_CASE_FIXTURE(ClusterFixture, "an event makes anew just the groups that it touches") {
  objects_[kPods] = {LabelledPod("p"), LabelledPod("q")};
  objects_[kServices] = {ServiceObject("s"), ServiceObject("t")};
  objects_[kEndpoints] = {Endpoints("s", {"p", "new"}), Endpoints("t", {"q"}), Endpoints("u", {})};
  objects_[kNodes] = {Node("n1"), Node("n2")};
  KubernetesSdConfig config = Role("endpoints");
  config.attach.node = true;
  Apply({Job("job", {config})});
  ServeUntilConnected();
  CHECK(Known() == Sources{"endpoints/a/s", "endpoints/a/t"});
  calls_.clear();
  const auto told = [&](const Calls& expected) {
    Until([&] { return calls_.size() >= expected.size(); });
    CHECK(calls_ == expected);
    calls_.clear();
  };
  Event(kPods, "MODIFIED", LabelledPod("p", "changed"));
  told({{"job", {"endpoints/a/s"}}});
  CHECK(Target("endpoints/a/s").Get(kPodLabel) == "changed");
  // One that endpoints led to before it was there.
  Event(kPods, "ADDED", LabelledPod("new", "there"));
  told({{"job", {"endpoints/a/s"}}});
  CHECK(Target("endpoints/a/s", 1).Get(kPodLabel) == "there");
  Event(kServices, "MODIFIED", ServiceObject("t", "changed"));
  told({{"job", {"endpoints/a/t"}}});
  CHECK(groups_["job"]["endpoints/a/t"].labels.Get(kServiceLabel) == "changed");
  Event(kNodes, "MODIFIED", Node("n1", "changed"));
  Until([&] { return Target("endpoints/a/t").Get(kNodeLabel) == "changed"; });
  CHECK(Target("endpoints/a/s").Get(kNodeLabel) == "changed");
  calls_.clear();
  // What nobody asked for, what is as it was, and what changes no label.
  Event(kNodes, "MODIFIED", Node("n2", "changed"));
  Event(kPods, "ADDED", LabelledPod("stranger"));
  Event(kPods, "MODIFIED", LabelledPod("q"));
  Event(kServices, "DELETED", ServiceObject("u"));
  Event(kEndpoints, "MODIFIED", Endpoints("t", {"q"}));
  for (const char* path : {kPods, kServices, kEndpoints, kNodes}) {
    Event(path, "BOOKMARK", R"({"metadata":{"resourceVersion":"99"}})");
  }
  Event(kEndpoints, "MODIFIED", Endpoints("t", {"p"}));
  told({{"job", {"endpoints/a/t"}}});
  // Its pod is another one now.
  Event(kPods, "MODIFIED", LabelledPod("q", "nobody's"));
  Event(kPods, "MODIFIED", LabelledPod("p", "again"));
  Until([&] { return Target("endpoints/a/t").Get(kPodLabel) == "again"; });
  for (const auto& call : calls_) CHECK(call.sources.size() == 2);
}

TEST_CASE_FIXTURE(ClusterFixture, "deletions in any order between kinds leave nothing behind") {
  objects_[kPods] = {LabelledPod("p")};
  objects_[kServices] = {ServiceObject("s")};
  objects_[kSlices] = {Slice("s-1", "s", "p")};
  Apply({Job("job", {Role("endpointslice")})});
  ServeUntilConnected();
  CHECK(Known() == Sources{"endpointslice/a/s-1"});
  std::vector<int> order = {0, 1, 2};
  SUBCASE("pod, service, slice") {}
  SUBCASE("pod, slice, service") { order = {0, 2, 1}; }
  SUBCASE("service, pod, slice") { order = {1, 0, 2}; }
  SUBCASE("service, slice, pod") { order = {1, 2, 0}; }
  SUBCASE("slice, pod, service") { order = {2, 0, 1}; }
  SUBCASE("slice, service, pod") { order = {2, 1, 0}; }
  const auto objects_left = [&] {
    uint64_t count = 0;
    for (const DiscoveryStatus& status : discovery_->Status()) count += status.objects;
    return count;
  };
  uint64_t left = 3;
  for (const int which : order) {
    if (which == 0) Event(kPods, "DELETED", LabelledPod("p"));
    if (which == 1) Event(kServices, "DELETED", ServiceObject("s"));
    if (which == 2) Event(kSlices, "DELETED", Slice("s-1", "s", "p"));
    Until([&] { return objects_left() < left; });
    --left;
  }
  CHECK(left == 0);
  CHECK(Known().empty());
  // And all come back, with the labels of each other.
  Event(kSlices, "ADDED", Slice("s-1", "s", "p"));
  Until([&] { return Known().size() == 1; });
  CHECK_FALSE(Target("endpointslice/a/s-1").Has(kPodLabel));
  Event(kPods, "ADDED", LabelledPod("p", "back"));
  Until([&] { return Target("endpointslice/a/s-1").Get(kPodLabel) == "back"; });
  Event(kServices, "ADDED", ServiceObject("s", "back"));
  Until([&] { return groups_["job"]["endpointslice/a/s-1"].labels.Get(kServiceLabel) == "back"; });
}

TEST_CASE_FIXTURE(ClusterFixture, "pods of a node that goes and comes back, with attach_metadata") {
  objects_[kPods] = {LabelledPod("p"), LabelledPod("q", "x", "n2"), LabelledPod("r", "x", "n3")};
  objects_[kNodes] = {Node("n1"), Node("n2")};
  KubernetesSdConfig config = Role("pod");
  config.attach.node = true;
  Apply({Job("job", {config})});
  ServeUntilConnected();
  CHECK(Known() == Sources{"pod/a/p", "pod/a/q"});
  Event(kNodes, "DELETED", Node("n1"));
  Until([&] { return Known() == Sources{"pod/a/q"}; });
  Event(kNodes, "ADDED", Node("n1", "new"));
  Until([&] { return Known().size() == 2; });
  CHECK(groups_["job"]["pod/a/p"].labels.Get(kNodeLabel) == "new");
  Event(kNodes, "ADDED", Node("n3"));
  Until([&] { return Known().size() == 3; });
}

TEST_CASE_FIXTURE(ClusterFixture, "what many pods need concerns those alone that are still there") {
  objects_[kPods] = {LabelledPod("p0"), LabelledPod("p1"), LabelledPod("p2"), LabelledPod("p3"),
                     LabelledPod("other", "x", "n2")};
  objects_[kNodes] = {Node("n1"), Node("n2")};
  KubernetesSdConfig pods = Role("pod");
  pods.attach.node = true;
  Apply({Job("job", {pods})});
  ServeUntilConnected();
  Event(kPods, "DELETED", LabelledPod("p1"));
  Event(kPods, "MODIFIED", LabelledPod("p2", "x", "n2"));
  ServeUntil([&] { return Known().size() == 4; });
  calls_.clear();
  Event(kNodes, "MODIFIED", Node("n1", "y"));
  ServeUntil([&] { return !calls_.empty(); });
  REQUIRE(calls_.size() == 1);
  CHECK(Sources(calls_[0].sources.begin(), calls_[0].sources.end()) ==
        Sources{"pod/a/p0", "pod/a/p3"});
  CHECK(groups_["job"]["pod/a/p0"].labels.Get(kNodeLabel) == "y");
  CHECK(groups_["job"]["pod/a/p2"].labels.Get(kNodeLabel) == "x");
}

TEST_CASE_FIXTURE(ClusterFixture, "a relist of a related kind tells differences only") {
  objects_[kPods] = {LabelledPod("p"), LabelledPod("q")};
  objects_[kEndpoints] = {Endpoints("s", {"p"}), Endpoints("t", {"q"})};
  Apply({Job("job", {Role("endpoints")})});
  ServeUntilConnected();
  calls_.clear();
  objects_[kPods] = {LabelledPod("p"), LabelledPod("q", "changed")};
  Event(kPods, "ERROR", StatusText(410, "too old"));
  ServeUntil([&] { return !calls_.empty(); });
  CHECK(calls_ == Calls{{"job", {"endpoints/a/t"}}});
  CHECK(Known().size() == 2);
}

TEST_CASE_FIXTURE(ClusterFixture, "other metadata for the same objects replaces the discovery") {
  objects_[kPods] = {LabelledPod("p")};
  objects_[kNodes] = {Node("n1", "y")};
  Apply({Job("job", {Role("pod")})});
  ServeUntilConnected();
  KubernetesSdConfig config = Role("pod");
  config.attach.node = true;
  calls_.clear();
  Apply({Job("job", {config})});
  CHECK(Known() == Sources{"pod/a/p"});  // of the old one, until nodes are known
  ServeUntilConnected();
  CHECK(groups_["job"]["pod/a/p"].labels.Get(kNodeLabel) == "y");
  CHECK(Requests(kPods) == 2);
  for (const auto& call : calls_) {
    for (const std::string& source : call.sources) CHECK(source == "pod/a/p");
  }
}

TEST_CASE_FIXTURE(ClusterFixture, "a storm: 5000 pods behind 50 slices are rolled at once") {
  constexpr int kPodCount = 5000;
  const auto slice = [](int number, const std::string& generation) {
    std::string endpoints;
    for (int i = 0; i < 100; ++i) {
      endpoints += (i == 0 ? "" : ",") +
                   (R"({"addresses":["10.0.0.1"],"targetRef":{"kind":"Pod","namespace":"a",)"
                    R"("name":"p)" +
                    std::to_string(number * 100 + i) + generation + "\"}}");
    }
    return R"({"metadata":{"name":"s-)" + std::to_string(number) +
           R"(","namespace":"a"},"ports":[{"port":80}],"endpoints":[)" + endpoints + "]}";
  };
  for (int i = 0; i < kPodCount; ++i)
    objects_[kPods].push_back(LabelledPod("p" + std::to_string(i) + "a"));
  for (int i = 0; i < kPodCount / 100; ++i) objects_[kSlices].push_back(slice(i, "a"));
  Apply({Job("job", {Role("endpointslice")}), Job("pods", {Role("pod")})});
  ServeUntilConnected();
  CHECK(Known().size() == 50);
  CHECK(Known("pods").size() == kPodCount);
  for (int i = 0; i < kPodCount; ++i) {
    Event(kPods, "ADDED", LabelledPod("p" + std::to_string(i) + "b", "new"));
    if (i % 100 == 99) Event(kSlices, "MODIFIED", slice(i / 100, "b"));
    Event(kPods, "DELETED", LabelledPod("p" + std::to_string(i) + "a"));
  }
  Until([&] {
    const auto& pods = groups_["pods"];
    if (pods.size() != kPodCount || !pods.contains("pod/a/p4999b")) return false;
    return Target("endpointslice/a/s-49", 99).Get(kPodLabel) == "new";
  });
  // Far fewer groups were made than events came: those of one turn are made once.
  size_t told = 0;
  for (const auto& call : calls_) told += call.job == "job" ? call.sources.size() : 0;
  CHECK(told < kPodCount / 2);
  for (int number = 0; number < 50; ++number) {
    for (int i = 0; i < 100; ++i) {
      CHECK(Target("endpointslice/a/s-" + std::to_string(number), i).Get(kPodLabel) == "new");
    }
  }
}

}  // namespace
}  // namespace limpet
