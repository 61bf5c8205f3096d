// What discovery says of one pod when it is asked: who watches where, which jobs see it, and why
// others do not.
#include "discovery/pod_sighting.h"

#include <doctest/doctest.h>

#include "tests/discovery/cluster_fixture.h"

namespace limpet {
namespace {

const PodName kPod{"a", "p"};

std::string PodObject(const std::string& name, const std::string& ip = "10.0.0.1",
                      const std::string& spec =
                          R"("containers":[{"name":"c","ports":[{"containerPort":80},)"
                          R"({"containerPort":81}]}])") {
  return R"({"metadata":{"name":")" + name +
         R"(","namespace":"a","ownerReferences":[{"kind":"ReplicaSet","name":"r","controller":true}]},)" +
         R"("spec":{"nodeName":"n1",)" + spec + R"(},"status":{"phase":"Running","podIP":")" + ip +
         R"(","conditions":[{"type":"Ready","status":"True"}]}})";
}

// With one address for each pod, behind port 80.
std::string Endpoints(const std::string& name, const std::vector<std::string>& pods) {
  std::string addresses;
  for (const std::string& pod : pods) {
    addresses +=
        (addresses.empty() ? "" : ",") +
        (R"({"ip":"10.0.0.1","targetRef":{"kind":"Pod","namespace":"a","name":")" + pod + "\"}}");
  }
  return R"({"metadata":{"name":")" + name +
         R"(","namespace":"a"},"subsets":[{"ports":[{"port":80}],"addresses":[)" + addresses +
         "]}]}";
}

class Fixture : public ClusterFixture {
 public:
  // By job and the number of the entry: "job#0".
  std::map<std::string, PodSighting> Sightings(const PodName& pod = kPod) const {
    std::map<std::string, PodSighting> all;
    discovery_->ForEachSighting(pod, [&](const std::string& job, const PodSighting& sighting) {
      all[job + "#" + std::to_string(sighting.config_index)] = sighting;
    });
    return all;
  }
  PodSearch Search(const PodName& pod = kPod) { return discovery_->stores().LookForPod(pod); }
};

TEST_CASE_FIXTURE(Fixture, "a pod is found with what the watch knows of it") {
  objects_[kPods] = {PodObject("p"), PodObject("q")};
  Apply({Job("job", {Role("pod")})});
  ServeUntilConnected();
  const PodSearch search = Search();
  REQUIRE(search.pod.has_value());
  CHECK(search.pod->ip == "10.0.0.1");
  CHECK(search.pod->phase == "Running");
  CHECK(search.pod->ready == "true");
  CHECK(search.pod->node_name == "n1");
  CHECK(search.pod->controller == "ReplicaSet/r");
  REQUIRE(search.watches.size() == 1);
  CHECK(search.watches[0].has_pod);
  CHECK(search.watches[0].covers);
  CHECK(search.watches[0].status.listed);
  CHECK_FALSE(Search({"a", "other"}).pod.has_value());
  CHECK_FALSE(Search({"b", "p"}).pod.has_value());

  const PodSighting sighting = Sightings().at("job#0");
  CHECK(sighting.role == "pod");
  CHECK(sighting.seen);
  CHECK(sighting.reason.empty());
  REQUIRE(sighting.groups.size() == 1);
  CHECK(sighting.groups[0].targets.size() == 2);
  CHECK(sighting.groups[0].labels.Get("__meta_kubernetes_pod_name") == "p");
  const PodSighting other = Sightings({"a", "other"}).at("job#0");
  CHECK_FALSE(other.seen);
  CHECK(other.reason == "there is no pod of that name");
}

TEST_CASE_FIXTURE(Fixture, "endpoints show the targets of that pod alone") {
  objects_[kPods] = {PodObject("p"), PodObject("q")};
  objects_[kEndpoints] = {Endpoints("s", {"p", "q"}), Endpoints("t", {"q"}),
                          Endpoints("gone", {"absent"})};
  Apply({Job("job", {Role("endpoints")})});
  ServeUntilConnected();
  PodSighting sighting = Sightings().at("job#0");
  CHECK(sighting.role == "endpoints");
  CHECK(sighting.seen);
  REQUIRE(sighting.groups.size() == 1);
  CHECK(sighting.groups[0].source == "endpoints/a/s");
  // Port 80 through the service, and 81, which the pod declares and no service has.
  CHECK(sighting.groups[0].targets.size() == 2);
  for (const Labels& target : sighting.groups[0].targets) {
    CHECK(target.Get("__meta_kubernetes_pod_name") == "p");
  }
  CHECK(Sightings({"a", "q"}).at("job#0").groups.size() == 2);
  // An address may name a pod that no watch has.
  sighting = Sightings({"a", "absent"}).at("job#0");
  REQUIRE(sighting.groups.size() == 1);
  CHECK(sighting.groups[0].targets.size() == 1);
  sighting = Sightings({"a", "nobody"}).at("job#0");
  CHECK_FALSE(sighting.seen);
  CHECK(sighting.reason == "no endpoints object names it");
  // The watch of pods comes first, for it has the pod; that of services is none of pods.
  REQUIRE(Search().watches.size() == 2);
  CHECK(Search().watches[0].status.role == "pod");
  CHECK(Search().watches[1].status.role == "endpoints");
}

TEST_CASE_FIXTURE(Fixture, "a pod that is seen and has no targets says why") {
  objects_[kPods] = {PodObject("p", ""), PodObject("bare", "10.0.0.2", R"("containers":[])"),
                     PodObject("nodeless")};
  KubernetesSdConfig with_node = Role("pod");
  with_node.attach.node = true;
  Apply({Job("job", {Role("pod")}), Job("nodes", {with_node})});
  ServeUntilConnected();
  const PodSighting sighting = Sightings().at("job#0");
  CHECK(sighting.seen);
  CHECK(sighting.groups.empty());
  CHECK(sighting.reason == "the pod has no IP yet");
  CHECK(Sightings({"a", "bare"}).at("job#0").reason == "the pod has no containers");
  CHECK(Sightings({"a", "nodeless"}).at("job#0").reason.empty());
  CHECK(Sightings({"a", "nodeless"}).at("nodes#0").reason ==
        "attach_metadata wants the pod's node, and there is none of that name: \"n1\"");
}

TEST_CASE_FIXTURE(Fixture, "jobs that look elsewhere, or for others, say so") {
  const std::string in_b = "/api/v1/namespaces/b/pods";
  const std::string in_c = "/api/v1/namespaces/c/pods";
  KubernetesSdConfig elsewhere = Role("pod");
  elsewhere.namespaces = {"b", "c"};
  KubernetesSdConfig selected = Role("pod");
  selected.selectors = {{"pod", "app=x", "spec.nodeName=n"}};
  Apply({Job("job", {elsewhere, selected}), Job("static", {})});
  ServeUntilConnected();
  const auto sightings = Sightings();
  REQUIRE(sightings.size() == 2);
  CHECK_FALSE(sightings.at("job#0").covers);
  CHECK(sightings.at("job#0").reason == "it looks in other namespaces: b, c");
  CHECK(sightings.at("job#1").covers);
  CHECK(sightings.at("job#1").reason ==
        "there is no pod of that name among those selected by label app=x, field spec.nodeName=n");
  // The one that covers the namespace comes first.
  REQUIRE(Search().watches.size() == 3);
  CHECK(Search().watches[0].status.label_selector == "app=x");
  CHECK(Search().watches[0].covers);
  CHECK_FALSE(Search().watches[1].covers);
  // Of an entry with several namespaces only the one of the pod is told.
  CHECK(Sightings({"c", "p"}).at("job#0").reason == "there is no pod of that name");
  CHECK(Requests(in_b) + Requests(in_c) > 0);
}

TEST_CASE_FIXTURE(Fixture, "a watch that is refused is the reason") {
  refused_ = {kPods};
  Apply({Job("job", {Role("pod")})});
  ServeUntil([&] { return !Status().last_error.empty(); });
  const PodSighting sighting = Sightings().at("job#0");
  CHECK_FALSE(sighting.seen);
  CHECK(
      sighting.reason.starts_with("the watch of role pod in all namespaces has not listed yet: "));
  CHECK(sighting.reason.find("403") != std::string::npos);
  CHECK(Search().watches.at(0).status.last_error.find("403") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "what a role waits for is the reason, also where the pod is known") {
  objects_[kPods] = {PodObject("p")};
  held_ = {kNodes};
  KubernetesSdConfig with_node = Role("pod");
  with_node.attach.node = true;
  Apply({Job("job", {with_node})});
  ServeUntil([&] { return Search().pod.has_value(); });
  const PodSighting sighting = Sightings().at("job#0");
  CHECK(sighting.seen);
  CHECK(sighting.reason == "the watch of role node in all namespaces has not listed yet");
}

TEST_CASE_FIXTURE(Fixture, "groups are told again by their source, and only those wanted") {
  objects_[kPods] = {PodObject("p"), PodObject("pending", ""), PodObject("q")};
  objects_[kNodes] = {R"({"metadata":{"name":"n1"},"status":{"addresses":)"
                      R"([{"type":"InternalIP","address":"10.0.0.9"}]}})"};
  ScrapeConfig job = Job("job", {Role("pod"), Role("pod"), Role("node")});
  job.static_configs = {{{"h:1"}, Labels{{"x", "y"}}}};
  Apply({job});
  ServeUntilConnected();
  REQUIRE(Known() == std::set<std::string>{"node/n1#2", "pod/a/p", "pod/a/p#1", "pod/a/q",
                                           "pod/a/q#1", "static/0"});
  for (const auto& [source, told] : groups_["job"]) {
    CAPTURE(source);
    size_t found = 0;
    discovery_->ForEachWanted(
        "job", [&](const std::string& name) { return name == source; },
        [&](const TargetGroup& group) {
          CHECK(group.labels == told.labels);
          CHECK(group.targets == told.targets);
          ++found;
          return true;
        });
    CHECK(found == 1);
  }
  const auto all = [](const std::string&) { return true; };
  const auto count = [&](const std::string& of, size_t stop_after) {
    size_t taken = 0;
    discovery_->ForEachWanted(of, all, [&](const TargetGroup&) { return ++taken < stop_after; });
    return taken;
  };
  CHECK(count("job", 100) == 6);
  CHECK(count("job", 3) == 3);
  CHECK(count("job", 1) == 1);
  CHECK(count("other", 100) == 0);
  Event(kPods, "DELETED", PodObject("p"));
  ServeUntil([&] { return !Known().contains("pod/a/p#1"); });
  CHECK(count("job", 100) == 4);
  CHECK_FALSE(Sightings().at("job#0").seen);
}

}  // namespace
}  // namespace limpet
