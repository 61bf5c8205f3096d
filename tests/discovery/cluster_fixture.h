// A Discovery before an API server that lists and watches objects of any kind.
//
// Each LIST and WATCH is answered by its path as it comes, in whatever order, unless the path is
// held back or refused; Event goes to the watch of a path that is open. The path of one Secret or
// ConfigMap, asked for by its name, ends in "/NAME".
#ifndef LIMPET_TESTS_DISCOVERY_CLUSTER_FIXTURE_H_
#define LIMPET_TESTS_DISCOVERY_CLUSTER_FIXTURE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/discovery/discovery_fixture.h"

namespace limpet {

class ClusterFixture : public DiscoveryFixture {
 public:
  static constexpr const char* kPods = "/api/v1/pods";
  static constexpr const char* kServices = "/api/v1/services";
  static constexpr const char* kNodes = "/api/v1/nodes";
  static constexpr const char* kEndpoints = "/api/v1/endpoints";
  static constexpr const char* kSlices = "/apis/discovery.k8s.io/v1/endpointslices";

  void ServeUntil(const std::function<bool()>& condition) {
    Until([&] {
      Serve();
      return condition();
    });
  }
  // Until all are watched and nothing more is asked.
  void ServeUntilConnected() {
    ServeUntil([&] {
      for (const DiscoveryStatus& status : discovery_->Status()) {
        if (!status.connected) return false;
      }
      return true;
    });
  }
  void Event(const std::string& path, const std::string& type, const std::string& object) {
    REQUIRE(watches_.contains(path));
    server_.SendTo(watches_[path], Chunk(R"({"type":")" + type + R"(","object":)" + object + "}"));
  }
  KubernetesSdConfig Role(const std::string& role) const {
    KubernetesSdConfig config = Pods();
    config.role = role;
    return config;
  }
  size_t Requests(const std::string& path) const {
    size_t count = 0;
    for (const ApiRequest& request : server_.requests()) count += request.path == path ? 1 : 0;
    return count;
  }
  const Labels& Target(const std::string& source, size_t number = 0) {
    REQUIRE(groups_["job"].contains(source));
    REQUIRE(groups_["job"][source].targets.size() > number);
    return groups_["job"][source].targets[number];
  }

  std::map<std::string, std::vector<std::string>> objects_;  // by path, for LISTs
  std::set<std::string> held_;                               // paths without an answer
  std::set<std::string> refused_;                            // paths that are answered 403

 private:
  static std::string PathOf(const ApiRequest& request) {
    const bool by_name =
        request.path.ends_with("/secrets") || request.path.ends_with("/configmaps");
    if (!by_name) return request.path;
    const std::string prefix = "metadata.name=";
    const std::string& selector = request.query.at("fieldSelector");
    REQUIRE(selector.starts_with(prefix));
    return request.path + "/" + selector.substr(prefix.size());
  }

  void Serve() {
    for (size_t number = 0; number < server_.requests().size(); ++number) {
      const ApiRequest& request = server_.requests()[number];
      const std::string path = PathOf(request);
      if (answered_.contains(number) || held_.contains(path)) continue;
      answered_.insert(number);
      if (refused_.contains(path)) {
        server_.SendTo(number, JsonAnswer(403, StatusText(403, "not allowed")));
        continue;
      }
      if (request.query.contains("watch")) {
        watches_[path] = number;
        server_.SendTo(number, WatchAnswer());
        continue;
      }
      std::string items;
      for (const std::string& object : objects_[path]) {
        items += (items.empty() ? "" : ",") + object;
      }
      server_.SendTo(number, JsonAnswer(200, R"({"metadata":{"resourceVersion":"5"},"items":[)" +
                                                 items + "]}"));
    }
  }

  std::set<size_t> answered_;
  std::map<std::string, size_t> watches_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_CLUSTER_FIXTURE_H_
