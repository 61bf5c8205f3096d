// A Discovery before a scripted API server, with what its listener was told.
#ifndef LIMPET_TESTS_DISCOVERY_DISCOVERY_FIXTURE_H_
#define LIMPET_TESTS_DISCOVERY_DISCOVERY_FIXTURE_H_

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "discovery/discovery.h"
#include "tests/discovery/scripted_api_server.h"

namespace limpet {

struct PodText {
  std::string name;
  std::string ip = "10.0.0.1";
  std::string version = "1";
  std::string phase = "Running";
  std::string name_space = "default";

  std::string ToString() const {
    return R"({"metadata":{"name":")" + name + R"(","namespace":")" + name_space +
           R"(","uid":"u-)" + name + R"(","resourceVersion":")" + version +
           R"("},"spec":{"containers":[{"name":"c","ports":[{"containerPort":80}]}]},)" +
           R"("status":{"phase":")" + phase + R"(","podIP":")" + ip + R"("}})";
  }
};

inline std::string ListText(const std::string& version, const std::vector<PodText>& pods,
                            const std::string& next = "") {
  std::string text = R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" +
                     version + R"(","continue":")" + next + R"("},"items":[)";
  for (size_t i = 0; i < pods.size(); ++i) text += (i == 0 ? "" : ",") + pods[i].ToString();
  return text + "]}\n";
}

inline std::string EventText(const std::string& type, const PodText& pod) {
  return R"({"type":")" + type + R"(","object":)" + pod.ToString() + "}\n";
}

inline std::string BookmarkText(const std::string& version) {
  return R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":")" + version +
         R"(","creationTimestamp":null},"spec":{"containers":null},"status":{}}})" + "\n";
}

inline std::string StatusText(int code, const std::string& message) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         message + R"(","code":)" + std::to_string(code) + "}";
}

inline std::string ErrorEventText(int code) {
  return R"({"type":"ERROR","object":)" + StatusText(code, "test error") + "}\n";
}

class DiscoveryFixture {
 public:
  DiscoveryFixture() {
    // Retries as fast as they may be, so that no test waits for long.
    options_.watch.backoff_min = Millis(1);
    options_.watch.backoff_max = Millis(20);
    // Scripts begin with a LIST, those of streaming_list_test.cc apart.
    options_.watch.streaming_lists = false;
  }

  // Lets both sides work until it is so; a test that it never becomes so fails.
  void Until(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < give_up);
      Turn();
    }
  }
  void UntilRequests(size_t count) {
    Until([&] { return server_.requests().size() >= count; });
  }
  void Turn() {
    server_.Pump();
    loop_.RunFor(Millis(1));
  }

  KubernetesSdConfig Pods() const {
    KubernetesSdConfig config;
    config.role = "pod";
    config.api_server = *ParseUrl(server_.url());
    return config;
  }
  static ScrapeConfig Job(const std::string& name, std::vector<KubernetesSdConfig> discoveries) {
    ScrapeConfig job;
    job.job_name = name;
    job.kubernetes_sd_configs = std::move(discoveries);
    return job;
  }
  void Apply(const std::vector<ScrapeConfig>& jobs) {
    if (!discovery_) {
      discovery_.emplace(
          loop_, SystemClock(),
          [this](const std::string& job, std::vector<TargetGroup> groups) { Take(job, groups); },
          options_);
    }
    discovery_->Apply(jobs);
  }
  // One job with one discovery that has listed these pods and watches from version `version`.
  void Watching(const std::string& version, const std::vector<PodText>& pods) {
    server_.Answer(JsonAnswer(200, ListText(version, pods)));
    server_.Answer(WatchAnswer());
    Apply({Job("job", {Pods()})});
    Until([&] { return Status().connected; });
    calls_.clear();
  }

  DiscoveryStatus Status() const {
    const auto all = discovery_->Status();
    REQUIRE(all.size() == 1);
    return all[0];
  }
  const ApiRequest& last_request() const { return server_.requests().back(); }
  // "source" of each group of a job that has targets.
  std::set<std::string> Known(const std::string& job = "job") const {
    std::set<std::string> sources;
    const auto found = groups_.find(job);
    if (found == groups_.end()) return sources;
    for (const auto& [source, group] : found->second) sources.insert(source);
    return sources;
  }

  // Sources in one call of the listener; one that is gone has a '-' before it.
  struct Call {
    std::string job;
    std::vector<std::string> sources;
    friend bool operator==(const Call&, const Call&) = default;
  };

  ScriptedApiServer server_;
  KubernetesOptions options_;
  EventLoop loop_;
  std::vector<Call> calls_;
  std::map<std::string, std::map<std::string, TargetGroup>> groups_;
  std::optional<Discovery> discovery_;

 private:
  void Take(const std::string& job, std::vector<TargetGroup>& groups) {
    Call& call = calls_.emplace_back();
    call.job = job;
    for (TargetGroup& group : groups) {
      call.sources.push_back((group.targets.empty() ? "-" : "") + group.source);
      if (group.targets.empty()) {
        groups_[job].erase(group.source);
      } else {
        groups_[job][group.source] = std::move(group);
      }
    }
  }
};

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_DISCOVERY_FIXTURE_H_
