#include "discovery/monitor_discovery.h"

#include "tests/discovery/cluster_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;

const std::string kMonitors = "/apis/monitoring.coreos.com/v1/servicemonitors";
const std::string kPodMonitors = "/apis/monitoring.coreos.com/v1/podmonitors";
const std::string kSecret = "/api/v1/namespaces/shop/secrets/login";

std::string Monitor(const std::string& name, const std::string& endpoint,
                    const std::string& name_space = "shop") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":")" + name_space +
         R"(","resourceVersion":"7"},"spec":{"endpoints":[{)" + endpoint + "}]}}";
}

const std::string kWithToken = R"("bearerTokenSecret":{"name":"login","key":"token"})";

// The token in base64.
std::string Secret(const std::string& token) {
  return R"({"metadata":{"name":"login","namespace":"shop","resourceVersion":"8"},"data":{"token":")" +
         token + R"("}})";
}

class MonitorDiscoveryFixture : public ClusterFixture {
 public:
  MonitorDiscoveryFixture() {
    config_.kubernetes_monitors.emplace();
    config_.kubernetes_monitors->api_server = *ParseUrl(server_.url());
    config_.kubernetes_monitors->kinds = {MonitorKind::kServiceMonitor};
    Apply({});
    monitors_.emplace(loop_, discovery_->stores(), [this](const auto& changed, const auto& gone) {
      ++told_;
      for (const ScrapeConfig& job : changed) jobs_[job.job_name] = job;
      for (const std::string& name : gone) {
        jobs_.erase(name);
        calls_made_.push_back("-" + name);
      }
      for (const ScrapeConfig& job : changed) calls_made_.push_back(job.job_name);
    });
  }

  void ApplyMonitors() {
    monitors_->Apply(config_);
    jobs_.clear();
    for (const ScrapeConfig& job : monitors_->Jobs()) jobs_[job.job_name] = job;
  }
  // What the listener was told of since the last call.
  Texts TakeCalls() { return std::exchange(calls_made_, {}); }
  void ServeUntilCalls(size_t count) {
    ServeUntil([&] { return calls_made_.size() >= count; });
  }
  // "NAME state error" of each.
  Texts States() const {
    Texts texts;
    for (const MonitorStatus& status : monitors_->Status()) {
      std::string& text = texts.emplace_back(status.name);
      text.append(" ").append(kMonitorStateNames[static_cast<size_t>(status.state)]);
      for (const std::string& error : status.errors) text.append(" ").append(error);
    }
    return texts;
  }
  Texts Names() const {
    Texts names;
    for (const auto& [name, job] : jobs_) names.push_back(name);
    return names;
  }

  Config config_;
  std::optional<MonitorDiscovery> monitors_;
  std::map<std::string, ScrapeConfig> jobs_;
  size_t told_ = 0;

 private:
  Texts calls_made_;
};

std::string JobName(const std::string& name) { return "serviceMonitor/shop/" + name + "/0"; }

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "monitors that are listed become jobs, in one call") {
  objects_[kMonitors] = {Monitor("a", ""), Monitor("b", R"("path":"/b")")};
  ApplyMonitors();
  CHECK(Names() == Texts{});
  CHECK_FALSE(monitors_->AllListed());
  ServeUntilCalls(2);
  CHECK(told_ == 1);
  CHECK(monitors_->AllListed());
  CHECK(Names() == Texts{JobName("a"), JobName("b")});
  CHECK(jobs_[JobName("b")].metrics_path == "/b");
  CHECK(jobs_[JobName("b")].kubernetes_sd_configs.at(0).api_server ==
        config_.kubernetes_monitors->api_server);
  CHECK(States() == Texts{"a active", "b active"});
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "an event changes the jobs of its object alone") {
  objects_[kMonitors] = {Monitor("a", ""), Monitor("b", "")};
  ApplyMonitors();
  ServeUntilConnected();
  ServeUntilCalls(2);
  TakeCalls();
  Event(kMonitors, "MODIFIED", Monitor("a", R"("path":"/x")"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("a")});
  CHECK(jobs_[JobName("a")].metrics_path == "/x");
  Event(kMonitors, "ADDED", Monitor("c", ""));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("c")});
  Event(kMonitors, "DELETED", Monitor("b", ""));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"-" + JobName("b")});
  CHECK(States() == Texts{"a active", "c active"});
  // One endpoint more, and one less.
  Event(kMonitors, "MODIFIED", Monitor("c", R"(},{"port":"p")"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"serviceMonitor/shop/c/1"});
  Event(kMonitors, "MODIFIED", Monitor("c", ""));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"-serviceMonitor/shop/c/1"});
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "a bad object has no jobs and harms no other") {
  objects_[kMonitors] = {Monitor("a", R"("interval":"soon")"), Monitor("b", "")};
  ApplyMonitors();
  ServeUntilConnected();
  ServeUntilCalls(1);
  CHECK(Names() == Texts{JobName("b")});
  CHECK(States().at(0).starts_with("a invalid spec.endpoints[0].interval: "));
  CHECK(States().at(1) == "b active");
  TakeCalls();
  Event(kMonitors, "MODIFIED", Monitor("a", R"("interval":"5s")"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("a")});
  Event(kMonitors, "MODIFIED", Monitor("a", R"("port":"(")"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"-" + JobName("a")});
  CHECK(Names() == Texts{JobName("b")});
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture,
                  "a Secret is watched by its name and its changes count") {
  objects_[kMonitors] = {Monitor("a", kWithToken), Monitor("b", "")};
  held_.insert(kSecret);
  ApplyMonitors();
  ServeUntilCalls(1);
  CHECK(Names() == Texts{JobName("b")});
  CHECK(States() == Texts{"a waiting Secret shop/login: not listed yet", "b active"});
  objects_[kSecret] = {Secret("b25l")};
  held_.clear();
  ServeUntilConnected();
  ServeUntilCalls(2);
  CHECK(jobs_[JobName("a")].http.authorization->credentials.Reveal() == "one");
  TakeCalls();
  Event(kSecret, "MODIFIED", Secret("dHdv"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("a")});
  CHECK(jobs_[JobName("a")].http.authorization->credentials.Reveal() == "two");
  Event(kSecret, "DELETED", Secret("dHdv"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"-" + JobName("a")});
  CHECK(States().at(0) ==
        "a invalid spec.endpoints[0].bearerTokenSecret: there is no Secret shop/login");
  Event(kSecret, "ADDED", Secret("b25l"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("a")});
  // Nobody names it any longer: its watch ends.
  Event(kMonitors, "MODIFIED", Monitor("a", ""));
  ServeUntilCalls(1);
  CHECK(discovery_->Status().size() == 1);
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "without a right to Secrets the others are scraped") {
  refused_.insert(kSecret);
  objects_[kMonitors] = {Monitor("a", kWithToken), Monitor("b", "")};
  ApplyMonitors();
  ServeUntil([&] { return States().size() == 2 && States()[0].find("403") != std::string::npos; });
  CHECK(Names() == Texts{JobName("b")});
  CHECK(States()[0].starts_with("a waiting Secret shop/login: LIST "));
  CHECK(monitors_->AllListed());
  objects_[kSecret] = {Secret("b25l")};
  refused_.clear();
  ServeUntilCalls(2);
  CHECK(Names() == Texts{JobName("a"), JobName("b")});
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "an object goes on while a new Secret is looked for") {
  objects_[kMonitors] = {Monitor("a", "")};
  ApplyMonitors();
  ServeUntilConnected();
  ServeUntilCalls(1);
  TakeCalls();
  held_.insert(kSecret);
  Event(kMonitors, "MODIFIED", Monitor("a", kWithToken));
  ServeUntil([&] { return Requests("/api/v1/namespaces/shop/secrets") > 0; });
  CHECK(TakeCalls() == Texts{});
  CHECK(Names() == Texts{JobName("a")});
  objects_[kSecret] = {Secret("b25l")};
  held_.clear();
  ServeUntilCalls(1);
  CHECK(jobs_[JobName("a")].http.authorization->credentials.Reveal() == "one");
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "a configuration that is the same changes nothing") {
  objects_[kMonitors] = {Monitor("a", "")};
  ApplyMonitors();
  ServeUntilConnected();
  ServeUntilCalls(1);
  TakeCalls();
  const size_t requests = server_.requests().size();
  ApplyMonitors();
  CHECK(Names() == Texts{JobName("a")});
  config_.global.scrape_interval = Millis(1000);
  ApplyMonitors();
  CHECK(jobs_[JobName("a")].scrape_interval == Millis(1000));
  CHECK(server_.requests().size() == requests);
  CHECK(TakeCalls() == Texts{});
  Event(kMonitors, "MODIFIED", Monitor("a", R"("path":"/x")"));
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("a")});
  config_.kubernetes_monitors = std::nullopt;
  ApplyMonitors();
  CHECK(Names() == Texts{});
  CHECK(monitors_->Status().empty());
  CHECK(discovery_->Status().empty());
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "what was known stays until a new scope has listed") {
  objects_[kMonitors] = {Monitor("a", ""), Monitor("b", "", "other")};
  ApplyMonitors();
  ServeUntilConnected();
  ServeUntilCalls(2);
  TakeCalls();
  const std::string in_shop = "/apis/monitoring.coreos.com/v1/namespaces/shop/servicemonitors";
  held_.insert(in_shop);
  config_.kubernetes_monitors->namespaces = {"shop"};
  ApplyMonitors();
  CHECK(Names() == Texts{JobName("a")});
  objects_[in_shop] = {Monitor("a", "")};
  held_.clear();
  ServeUntilConnected();
  CHECK(TakeCalls() == Texts{});
  CHECK(Names() == Texts{JobName("a")});
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "a job of the configuration file keeps its name") {
  config_.scrape_configs.push_back(Job(JobName("a"), {}));
  objects_[kMonitors] = {Monitor("a", ""), Monitor("b", "")};
  ApplyMonitors();
  ServeUntilCalls(1);
  CHECK(Names() == Texts{JobName("b")});
  CHECK(States().at(0) ==
        "a invalid metadata.name: the configuration file has a job " + JobName("a"));
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "objects are selected by labels and namespaces") {
  config_.kubernetes_monitors->kinds = {MonitorKind::kServiceMonitor, MonitorKind::kPodMonitor};
  config_.kubernetes_monitors->selector = "release=main";
  config_.kubernetes_monitors->namespace_selector = "team=red";
  objects_[kMonitors] = {Monitor("a", ""), Monitor("b", "", "other")};
  objects_["/api/v1/namespaces"] = {R"({"metadata":{"name":"shop"}})"};
  held_.insert("/api/v1/namespaces");
  ApplyMonitors();
  ServeUntil([&] { return Requests(kMonitors) > 1 && Requests(kPodMonitors) > 1; });
  CHECK(Names() == Texts{});
  held_.clear();
  ServeUntilConnected();
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{JobName("a")});
  for (const ApiRequest& request : server_.requests()) {
    const bool namespaces = request.path == "/api/v1/namespaces";
    CHECK(request.query.at("labelSelector") == (namespaces ? "team=red" : "release=main"));
  }
  Event("/api/v1/namespaces", "ADDED", R"({"metadata":{"name":"other"}})");
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"serviceMonitor/other/b/0"});
  Event("/api/v1/namespaces", "DELETED", R"({"metadata":{"name":"shop"}})");
  ServeUntilCalls(1);
  CHECK(TakeCalls() == Texts{"-" + JobName("a")});
}

TEST_CASE_FIXTURE(MonitorDiscoveryFixture, "objects that make too many jobs are in error") {
  std::string endpoints;
  for (int i = 0; i < 99; ++i) endpoints += "},{";
  for (int i = 10; i < 31; ++i) {
    objects_[kMonitors].push_back(Monitor("m" + std::to_string(i), endpoints));
  }
  ApplyMonitors();
  ServeUntilConnected();
  ServeUntilCalls(2000);
  CHECK(Names().size() == 2000);
  CHECK(States().back() == "m30 invalid spec: objects make more than 2000 jobs");
  TakeCalls();
  Event(kMonitors, "DELETED", Monitor("m10", ""));
  ServeUntilCalls(200);
  CHECK(States().back() == "m30 active");
}

}  // namespace
}  // namespace limpet
