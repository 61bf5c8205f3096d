// Discovery::Change: some jobs come, change and go, and nobody hears of the others.
#include "tests/discovery/discovery_fixture.h"

namespace limpet {
namespace {

TEST_CASE_FIXTURE(DiscoveryFixture, "a change tells of its own jobs alone") {
  Watching("5", {{"a"}});
  ScrapeConfig other = Job("other", {Pods()});
  discovery_->Change({other}, {});
  CHECK(calls_ == std::vector<Call>{{"other", {"pod/default/a"}}});
  CHECK(discovery_->Status().size() == 1);
  calls_.clear();
  other.kubernetes_sd_configs.clear();
  other.static_configs = {{{"10.0.0.9:80"}, Labels()}};
  discovery_->Change({other}, {});
  CHECK(calls_ == std::vector<Call>{{"other", {"static/0", "-pod/default/a"}}});
  calls_.clear();
  discovery_->Change({}, {"other", "never-there"});
  CHECK(calls_ == std::vector<Call>{{"other", {"-static/0"}}});
  server_.Send(Chunk(EventText("ADDED", {"b", "10.0.0.2", "6"})));
  calls_.clear();
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == std::vector<Call>{{"job", {"pod/default/b"}}});
}

TEST_CASE_FIXTURE(DiscoveryFixture, "readiness does not wait for jobs that objects make") {
  Watching("5", {});
  ScrapeConfig made = Job("made", {Pods()});
  made.kubernetes_sd_configs[0].namespaces = {"elsewhere"};
  made.made_from = "PodMonitor shop/api";
  discovery_->Change({made}, {});
  CHECK(discovery_->AllListed());
  made.made_from.clear();
  discovery_->Change({made}, {});
  CHECK_FALSE(discovery_->AllListed());
}

}  // namespace
}  // namespace limpet
