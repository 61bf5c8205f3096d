// What a discovery that the configuration no longer has waits for, namespace by namespace.
#include <doctest/doctest.h>

#include "tests/discovery/discovery_fixture.h"
#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

using Sources = std::set<std::string>;

// Answers each request by what it asks for, in whatever order they come: a LIST of a namespace has
// one pod, called "old", or "new" with a label selector.
class NamespacesFixture : public DiscoveryFixture {
 public:
  void ServeUntil(const std::function<bool()>& condition) {
    Until([&] {
      for (; answered_ < server_.requests().size(); ++answered_) AnswerTo(answered_);
      return condition();
    });
  }
  KubernetesSdConfig PodsIn(std::vector<std::string> namespaces,
                            const std::string& selector = "") const {
    KubernetesSdConfig pods = Pods();
    pods.namespaces = std::move(namespaces);
    if (!selector.empty()) pods.selectors = {{"pod", selector, ""}};
    return pods;
  }
  // Watches of that namespace that have not ended.
  size_t Watches(const std::string& name_space) const {
    size_t count = 0;
    for (const DiscoveryStatus& status : discovery_->Status()) {
      count += status.name_space == name_space ? 1 : 0;
    }
    return count;
  }

  Sources forbidden_;  // namespaces

 private:
  void AnswerTo(size_t number) {
    const ApiRequest& request = server_.requests()[number];
    const std::string start = "/api/v1/namespaces/";
    REQUIRE(request.path.starts_with(start));
    const std::string name_space =
        request.path.substr(start.size(), request.path.rfind('/') - start.size());
    if (forbidden_.contains(name_space)) {
      server_.SendTo(number, JsonAnswer(403, StatusText(403, "forbidden")));
    } else if (request.query.contains("watch")) {
      server_.SendTo(number, WatchAnswer());
    } else {
      PodText pod{request.query.contains("labelSelector") ? "new" : "old"};
      pod.name_space = name_space;
      server_.SendTo(number, JsonAnswer(200, ListText("1", {pod})));
    }
  }

  size_t answered_ = 0;
};

TEST_CASE_FIXTURE(NamespacesFixture,
                  "a namespace that is forbidden keeps no other one's old pods") {
  forbidden_ = {"b"};
  Apply({Job("job", {PodsIn({"a", "b"})})});
  ServeUntil([&] { return Known() == Sources{"pod/a/old"}; });
  Apply({Job("job", {PodsIn({"a", "b"}, "app=x")})});
  CHECK(Known() == Sources{"pod/a/old"});
  CHECK(Watches("a") == 2);
  ServeUntil([&] { return Known() == Sources{"pod/a/new"} && Watches("a") == 1; });
  CHECK_FALSE(discovery_->AllListed());
}

TEST_CASE_FIXTURE(NamespacesFixture, "old pods of a namespace wait for its own successor alone") {
  Apply({Job("job", {PodsIn({"a", "b"})})});
  ServeUntil([&] { return Known().size() == 2; });
  forbidden_ = {"b"};
  Apply({Job("job", {PodsIn({"a", "b"}, "app=x")})});
  ServeUntil([&] { return Known() == Sources{"pod/a/new", "pod/b/old"}; });
  CHECK(Watches("b") == 2);
  forbidden_ = {};
  ServeUntil([&] { return Known() == Sources{"pod/a/new", "pod/b/new"} && Watches("b") == 1; });
  // What nobody looks at any more goes at once.
  Apply({Job("job", {PodsIn({"b"}, "app=y")})});
  CHECK(Known() == Sources{"pod/b/new"});
  CHECK(Watches("a") == 0);
}

TEST_CASE_FIXTURE(NamespacesFixture, "a successor of all namespaces is waited for by everyone") {
  Apply({Job("job", {PodsIn({"a", "b"})})});
  ServeUntil([&] { return Known().size() == 2 && server_.requests().size() == 4; });
  const size_t before = server_.requests().size();
  Apply({Job("job", {Pods()})});
  UntilRequests(before + 1);
  CHECK(Known() == Sources{"pod/a/old", "pod/b/old"});
  server_.SendTo(before, JsonAnswer(200, ListText("1", {})));
  Until([&] { return Known().empty(); });
}

TEST_CASE_FIXTURE(NamespacesFixture, "one's own namespace matters once it is known") {
  const TemporaryDirectory directory;
  const auto write = [&](const std::string& name_space) {
    directory.Write(
        "config",
        "{current-context: x, contexts: [{name: x, context: {cluster: c, namespace: " + name_space +
            "}}], clusters: [{name: c, cluster: {server: '" + server_.url() + "'}}]}");
  };
  write("mine");
  KubernetesSdConfig own = Pods();
  own.api_server.reset();
  own.kubeconfig_file = directory.File("config");
  own.own_namespace = true;
  SUBCASE("that of a successor") {
    Apply({Job("job", {PodsIn({"a"})})});
    ServeUntil([&] { return Known() == Sources{"pod/a/old"}; });
    forbidden_ = {"mine"};
    Apply({Job("job", {own})});
    CHECK(Known() == Sources{"pod/a/old"});
    ServeUntil([&] { return Known().empty() && Watches("a") == 0; });
  }
  SUBCASE("that of the retired one, which ends outside of its own callback") {
    Apply({Job("job", {own})});
    ServeUntil([&] { return Known() == Sources{"pod/mine/old"} && Status().connected; });
    const size_t watch = server_.requests().size() - 1;
    forbidden_ = {"mine"};
    Apply({Job("job", {PodsIn({"mine"}, "app=x")})});
    Turn();
    CHECK(Known() == Sources{"pod/mine/old"});
    write("other");
    server_.SendTo(watch, Chunk(ErrorEventText(500)));
    Until([&] { return Known().empty() && discovery_->Status().size() == 1; });
  }
  CHECK_FALSE(discovery_->AllListed());
}

}  // namespace
}  // namespace limpet
