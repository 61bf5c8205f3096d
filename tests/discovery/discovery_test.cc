// Discovery's own part: jobs, shared watches, changes of configuration, static targets.
#include "discovery/discovery.h"

#include <doctest/doctest.h>

#include "tests/discovery/discovery_fixture.h"

namespace limpet {
namespace {

using Calls = std::vector<DiscoveryFixture::Call>;
using Sources = std::set<std::string>;

TEST_CASE_FIXTURE(DiscoveryFixture, "static targets are told at once and need no server") {
  ScrapeConfig job = Job("s", {});
  job.static_configs.push_back({{"a:1", "b:2"}, Labels{{"team", "x"}}});
  job.static_configs.push_back({{"c:3"}, {}});
  Apply({job});
  CHECK(discovery_->AllListed());
  CHECK(discovery_->Status().empty());
  CHECK(calls_ == Calls{{"s", {"static/0", "static/1"}}});
  const TargetGroup group = groups_["s"]["static/0"];
  CHECK(group.labels == Labels{{"team", "x"}});
  CHECK(group.targets ==
        std::vector<Labels>{Labels{{"__address__", "a:1"}}, Labels{{"__address__", "b:2"}}});

  calls_.clear();
  job.static_configs.pop_back();
  Apply({job});
  CHECK(calls_ == Calls{{"s", {"static/0", "-static/1"}}});
  Apply({});
  CHECK(Known("s").empty());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "jobs that ask for the same share one watch") {
  server_.Answer(JsonAnswer(200, ListText("1", {{"a"}})));
  server_.Answer(WatchAnswer());
  Apply({Job("one", {Pods()}), Job("two", {Pods()})});
  Until([&] { return Status().connected; });
  CHECK(server_.requests().size() == 2);
  server_.Send(Chunk(EventText("ADDED", {"b", "10.0.0.2", "2"})));
  Until([&] { return Known("two").size() == 2; });
  CHECK(Known("one") == Known("two"));
}

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "the same configuration again: no request, all groups told again") {
  Watching("1", {{"a"}, {"b", "10.0.0.2"}});
  Apply({Job("job", {Pods()}), Job("late", {Pods()})});
  for (int i = 0; i < 20; ++i) Turn();
  CHECK(server_.requests().size() == 2);
  REQUIRE(calls_.size() == 2);
  CHECK(calls_[0].job == "job");
  CHECK(calls_[0].sources.size() == 2);
  CHECK(Known("late") == Sources{"pod/default/a", "pod/default/b"});
  CHECK(Status().lists_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a job that is gone takes its groups and its watch with it") {
  Watching("1", {{"a"}});
  Apply({});
  CHECK(calls_ == Calls{{"job", {"-pod/default/a"}}});
  CHECK(discovery_->Status().empty());
  CHECK(discovery_->AllListed());
  for (int i = 0; i < 20; ++i) Turn();
  CHECK(server_.requests().size() == 2);
}

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "groups of a replaced discovery stay until the new one has listed") {
  Watching("1", {{"stays"}, {"goes", "10.0.0.2"}});
  KubernetesSdConfig selected = Pods();
  selected.selectors = {{"pod", "app=x", ""}};
  Apply({Job("job", {selected})});
  CHECK_FALSE(discovery_->AllListed());
  CHECK(Known() == Sources{"pod/default/goes", "pod/default/stays"});
  UntilRequests(3);
  CHECK(last_request().query.at("labelSelector") == "app=x");
  CHECK(Known() == Sources{"pod/default/goes", "pod/default/stays"});
  calls_.clear();
  server_.Answer(JsonAnswer(200, ListText("2", {{"stays"}, {"new", "10.0.0.3"}})));
  server_.Answer(WatchAnswer());
  Until([&] { return discovery_->AllListed() && discovery_->Status().size() == 1; });
  CHECK(Known() == Sources{"pod/default/new", "pod/default/stays"});
  // Never taken back, not even for a moment.
  for (const auto& call : calls_) {
    for (const std::string& source : call.sources) CHECK(source != "-pod/default/stays");
  }
}

TEST_CASE_FIXTURE(DiscoveryFixture, "without a successor the groups go at once") {
  Watching("1", {{"a"}});
  ScrapeConfig job = Job("job", {});
  job.static_configs.push_back({{"x:1"}, {}});
  Apply({job});
  CHECK(calls_ == Calls{{"job", {"static/0", "-pod/default/a"}}});
  CHECK(discovery_->AllListed());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a discovery that is being replaced still follows its pods") {
  Watching("1", {{"a"}, {"b", "10.0.0.2"}});
  KubernetesSdConfig selected = Pods();
  selected.selectors = {{"pod", "app=x", ""}};
  server_.Answer(JsonAnswer(200, ListText("2", {{"b", "10.0.0.2"}}, "next")));
  Apply({Job("job", {selected})});
  UntilRequests(4);  // the new discovery asks for its second page
  // What the new one knows already is not taken back because the old one sees it no longer.
  server_.SendTo(1, Chunk(EventText("DELETED", {"b", "10.0.0.2", "2"})));
  server_.SendTo(1, Chunk(EventText("DELETED", {"a", "10.0.0.1", "3"})));
  Until([&] { return !Known().contains("pod/default/a"); });
  CHECK(Known() == Sources{"pod/default/b"});
  server_.Answer(JsonAnswer(200, ListText("2", {})));
  Until([&] { return discovery_->AllListed(); });
  CHECK(Known() == Sources{"pod/default/b"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "several namespaces are watched one by one") {
  KubernetesSdConfig pods = Pods();
  pods.namespaces = {"n1", "n2", "n1"};
  server_.Answer(JsonAnswer(200, ListText("1", {})));
  Apply({Job("job", {pods})});
  CHECK(discovery_->Status().size() == 2);
  UntilRequests(3);
  CHECK_FALSE(discovery_->AllListed());
  std::set<std::string> lists;
  for (const ApiRequest& request : server_.requests()) {
    if (!request.query.contains("watch")) lists.insert(request.path);
  }
  CHECK(lists == std::set<std::string>{"/api/v1/namespaces/n1/pods", "/api/v1/namespaces/n2/pods"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "two discoveries of one job may find the same pod") {
  KubernetesSdConfig selected = Pods();
  selected.selectors = {{"pod", "app=x", ""}};
  server_.Answer(JsonAnswer(200, ListText("1", {{"a"}})), /*close=*/true);
  server_.Answer(JsonAnswer(200, ListText("1", {{"a"}})), /*close=*/true);
  Apply({Job("job", {Pods(), selected})});
  Until([&] { return discovery_->AllListed(); });
  CHECK(Known() == Sources{"pod/default/a", "pod/default/a#1"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "no API server known: the error tells what to set") {
  KubernetesSdConfig pods = Pods();
  pods.api_server.reset();
  Apply({Job("job", {pods})});
  Until([&] { return Status().failures_total > 0; });
  CHECK(Status().last_error.find("KUBERNETES_SERVICE_HOST") != std::string::npos);
  CHECK_FALSE(discovery_->AllListed());
}

TEST_CASE_FIXTURE(DiscoveryFixture, "thousands of pods in small pages") {
  std::set<std::string> expected;
  for (int page = 0; page < 20; ++page) {
    std::vector<PodText> pods;
    for (int i = 0; i < 250; ++i) {
      pods.push_back({"p" + std::to_string(page * 250 + i)});
      expected.insert("pod/default/" + pods.back().name);
    }
    server_.Answer(JsonAnswer(200, ListText("1", pods, page == 19 ? "" : "next")));
  }
  server_.Answer(WatchAnswer());
  Apply({Job("job", {Pods()})});
  Until([&] { return Status().connected; });
  CHECK(Known() == expected);
}

}  // namespace
}  // namespace limpet
