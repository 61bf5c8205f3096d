// LIST and WATCH when all goes well: what is asked, what is told.
#include <doctest/doctest.h>

#include <fstream>

#include "tests/discovery/discovery_fixture.h"
#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

using Calls = std::vector<DiscoveryFixture::Call>;
using Sources = std::set<std::string>;

TEST_CASE_FIXTURE(DiscoveryFixture, "LIST, then WATCH from its version; events change targets") {
  server_.Answer(JsonAnswer(200, ListText("100", {{"a"}, {"b", "10.0.0.2"}, {"no-ip", ""}})));
  server_.Answer(WatchAnswer());
  Apply({Job("job", {Pods()})});
  CHECK_FALSE(discovery_->AllListed());
  UntilRequests(1);
  CHECK(last_request().method == "GET");
  CHECK(last_request().path == "/api/v1/pods");
  CHECK(last_request().query == std::map<std::string, std::string>{{"limit", "500"}});
  CHECK(last_request().headers.at("accept") == "application/json");
  CHECK_FALSE(last_request().headers.contains("authorization"));
  UntilRequests(2);
  CHECK(last_request().path == "/api/v1/pods");
  auto query = last_request().query;
  const int seconds = std::stoi(query["timeoutSeconds"]);
  CHECK(seconds >= 300);
  CHECK(seconds <= 600);
  query.erase("timeoutSeconds");
  CHECK(query == std::map<std::string, std::string>{{"watch", "true"},
                                                    {"allowWatchBookmarks", "true"},
                                                    {"resourceVersion", "100"}});
  Until([&] { return Status().connected; });
  CHECK(discovery_->AllListed());
  CHECK(Known() == Sources{"pod/default/a", "pod/default/b"});
  CHECK(groups_["job"]["pod/default/b"].targets[0].Get("__address__") == "10.0.0.2:80");
  calls_.clear();

  server_.Send(Chunk(EventText("ADDED", {"c", "10.0.0.3", "101"})));
  Until([&] { return !calls_.empty(); });
  server_.Send(Chunk(EventText("MODIFIED", {"no-ip", "10.0.0.4", "102"})));
  Until([&] { return calls_.size() == 2; });
  server_.Send(Chunk(EventText("DELETED", {"a", "10.0.0.1", "103"})));
  Until([&] { return calls_.size() == 3; });
  CHECK(calls_ == Calls{{"job", {"pod/default/c"}},
                        {"job", {"pod/default/no-ip"}},
                        {"job", {"-pod/default/a"}}});
  CHECK(Known() == Sources{"pod/default/b", "pod/default/c", "pod/default/no-ip"});

  const DiscoveryStatus status = Status();
  CHECK(status.role == "pod");
  CHECK(status.name_space.empty());
  CHECK(status.api_server == server_.url());
  CHECK(status.listed);
  CHECK(status.last_error.empty());
  CHECK(status.objects == 3);
  CHECK(status.lists_total == 1);
  CHECK(status.watches_total == 1);
  CHECK(status.failures_total == 0);
  CHECK(status.events_added_total == 4);
  CHECK(status.events_modified_total == 1);
  CHECK(status.events_deleted_total == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "an update that changes no label is told to nobody") {
  Watching("5", {{"a"}, {"no-ip", ""}});
  server_.Send(Chunk(EventText("MODIFIED", {"a", "10.0.0.1", "6"})));
  server_.Send(Chunk(EventText("MODIFIED", {"no-ip", "", "7", "Pending"})));
  server_.Send(Chunk(EventText("DELETED", {"no-ip", "", "8"})));
  server_.Send(Chunk(EventText("DELETED", {"never-seen", "10.0.0.1", "9"})));
  server_.Send(Chunk(BookmarkText("10")));
  server_.Send(Chunk(EventText("MODIFIED", {"a", "10.0.0.1", "11", "Failed"})));
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == Calls{{"job", {"pod/default/a"}}});
  CHECK(Status().objects == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a pod that loses its address has no targets any more") {
  Watching("5", {{"a"}});
  server_.Send(Chunk(EventText("MODIFIED", {"a", "", "6"})));
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == Calls{{"job", {"-pod/default/a"}}});
  CHECK(Status().objects == 1);
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a LIST is taken page by page") {
  server_.Answer(JsonAnswer(200, ListText("100", {{"a"}, {"b"}}, "tok/en+=")));
  server_.Answer(JsonAnswer(200, ListText("100", {{"c"}}, "second")));
  server_.Answer(JsonAnswer(200, ListText("100", {{"d"}})));
  server_.Answer(WatchAnswer());
  Apply({Job("job", {Pods()})});
  UntilRequests(2);
  CHECK_FALSE(discovery_->AllListed());
  CHECK(server_.requests()[1].query.at("continue") == "tok/en+=");
  CHECK(server_.requests()[1].query.at("limit") == "500");
  UntilRequests(4);
  CHECK(server_.requests()[2].query.at("continue") == "second");
  CHECK(server_.requests()[3].query.at("resourceVersion") == "100");
  CHECK(discovery_->AllListed());
  CHECK(Status().lists_total == 1);
  CHECK(Known() == Sources{"pod/default/a", "pod/default/b", "pod/default/c", "pod/default/d"});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "events may be torn anywhere") {
  Watching("5", {});
  const std::string text = EventText("ADDED", {"a", "10.0.0.1", "6"}) +
                           EventText("ADDED", {"b", "10.0.0.2", "7"}) + BookmarkText("8") +
                           EventText("DELETED", {"a", "10.0.0.1", "9"});
  for (const char c : text) {
    server_.Send(Chunk({&c, 1}));
    Turn();
  }
  Until([&] { return Known() == Sources{"pod/default/b"}; });
  CHECK(calls_ ==
        Calls{{"job", {"pod/default/a"}}, {"job", {"pod/default/b"}}, {"job", {"-pod/default/a"}}});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "selectors and namespaces go to the server, encoded") {
  KubernetesSdConfig pods = Pods();
  pods.namespaces = {"shop"};
  pods.selectors = {{"node", "not=this", ""}, {"pod", "app in (a,b),x!=y", "spec.nodeName=node-1"}};
  server_.Answer(JsonAnswer(200, ListText("1", {})));
  server_.Answer(WatchAnswer());
  Apply({Job("job", {pods})});
  UntilRequests(2);
  for (const ApiRequest& request : server_.requests()) {
    CHECK(request.path == "/api/v1/namespaces/shop/pods");
    CHECK(request.query.at("labelSelector") == "app in (a,b),x!=y");
    CHECK(request.query.at("fieldSelector") == "spec.nodeName=node-1");
    CHECK(request.raw_target.find_first_of(" (!") == std::string::npos);
  }
  CHECK(Status().name_space == "shop");
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a server behind a path") {
  KubernetesSdConfig pods = Pods();
  pods.api_server = *ParseUrl(server_.url() + "/k8s/clusters/c-1/");
  Apply({Job("job", {pods})});
  UntilRequests(1);
  CHECK(last_request().path == "/k8s/clusters/c-1/api/v1/pods");
}

TEST_CASE_FIXTURE(DiscoveryFixture, "a rotated token is used from the next request on") {
  const TemporaryDirectory directory;
  directory.Write("token", "first-token\n");
  KubernetesSdConfig pods = Pods();
  pods.http.authorization.emplace();
  pods.http.authorization->credentials_file = directory.File("token");
  server_.Answer(JsonAnswer(200, ListText("1", {})));
  Apply({Job("job", {pods})});
  UntilRequests(2);
  CHECK(server_.requests()[0].headers.at("authorization") == "Bearer first-token");
  CHECK(server_.requests()[1].headers.at("authorization") == "Bearer first-token");
  directory.Write("token", "second-token\n");
  server_.Answer(JsonAnswer(401, StatusText(401, "Unauthorized")));
  UntilRequests(3);
  CHECK(last_request().headers.at("authorization") == "Bearer second-token");
}

TEST_CASE_FIXTURE(DiscoveryFixture,
                  "a kubeconfig, its namespace as one's own, and a token in it renewed") {
  const TemporaryDirectory directory;
  const auto write = [&](const std::string& token) {
    directory.Write("config",
                    "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u, "
                    "namespace: mine}}], clusters: [{name: c, cluster: {server: '" +
                        server_.url() + "'}}], users: [{name: u, user: {token: " + token + "}}]}");
  };
  KubernetesSdConfig pods = Pods();
  pods.api_server.reset();
  pods.kubeconfig_file = directory.File("config");
  pods.own_namespace = true;
  Apply({Job("job", {pods})});
  Until([&] { return Status().failures_total > 1; });
  CHECK(Status().last_error.find(directory.File("config")) != std::string::npos);

  write("one");
  UntilRequests(1);
  CHECK(last_request().path == "/api/v1/namespaces/mine/pods");
  CHECK(last_request().headers.at("authorization") == "Bearer one");
  CHECK(Status().name_space == "mine");
  write("two");
  server_.Answer(JsonAnswer(401, "{}"));
  UntilRequests(2);
  CHECK(last_request().headers.at("authorization") == "Bearer two");
}

}  // namespace
}  // namespace limpet
