// Sources for the tests of web/: values that a test sets, as the modules would give them.
//
// Who calls it: the tests in this folder. The fake must outlive what was made from its sources.
#ifndef LIMPET_TESTS_WEB_WEB_SOURCES_FAKE_H_
#define LIMPET_TESTS_WEB_WEB_SOURCES_FAKE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/scrape/page_families.h"
#include "agent/web/sources.h"

namespace limpet {

// Breaks out of JSON, HTML, attributes, metric labels and lines wherever it is not escaped, and
// holds bytes that are not UTF-8.
inline const std::string kHostile =
    "\"><script>alert('x')</script>&\\ \n# HELP x\n{\x01\x7f\xff\xc3} ä";
// The same as valid UTF-8: what must come back from a parser.
inline const std::string kHostileValid =
    "\"><script>alert('x')</script>&\\ \n# HELP x\n{\x01\x7f\xef\xbf\xbd\xef\xbf\xbd} ä";

struct FakeTarget {
  std::string job = "api";
  Labels discovered_labels{{"__address__", "10.0.0.1:80"}};
  Labels labels{{"instance", "10.0.0.1:80"}, {"job", "api"}};
  std::string url = "http://10.0.0.1:80/metrics";
  TargetHealth health = TargetHealth::kUp;
  std::string last_error;
  int64_t last_scrape_ms = 1'700'000'000'123;
  double duration_seconds = 0.25;
};

class FakeClock : public Clock {
 public:
  int64_t WallMs() const override { return wall_ms; }
  SteadyTime Now() const override { return {}; }
  int64_t wall_ms = 1'700'000'010'000;
};

struct FakeSources {
  WebSources Sources() {
    return WebSources{
        .discovery = [this] { return watches; },
        .refreshes = [this] { return refreshes; },
        .all_listed = [this] { return all_listed; },
        .monitors = [this] { return monitors; },
        .for_each_target =
            [this](const std::function<void(const TargetStatus&)>& function) {
              for (const FakeTarget& t : targets) {
                function(TargetStatus{t.job, t.discovered_labels, t.labels, t.url, t.health,
                                      t.last_error, t.last_scrape_ms, t.duration_seconds,
                                      Millis(90'000), Millis(10'000)});
              }
            },
        .for_each_families =
            [this](const OnTargetFamilies& function) {
              for (const auto& [labels, of_target] : families) function(labels, *of_target);
            },
        .for_each_dropped =
            [this](std::string_view job, const OnDroppedTarget& function) {
              for (const auto& [of, discovered] : dropped) {
                if (job.empty() || job == of) function(of, discovered);
              }
            },
        .dropped_counts = [this] { return dropped_counts; },
        .shard = [this] { return shard; },
        .other_shards_counts = [this] { return other_shards_counts; },
        .scrape = [this] { return scrape; },
        .log = [this] { return log ? &*log : nullptr; },
        .receivers = [this] { return receivers; },
        .memory = [this] { return memory; },
        .config = [this] { return config; },
        .reload =
            [this] {
              ++reloads;
              return reload_result;
            },
        .clock = clock,
    };
  }

  std::vector<DiscoveryStatus> watches;
  std::vector<RefreshStatus> refreshes;
  bool all_listed = true;
  std::vector<MonitorStatus> monitors;
  std::vector<FakeTarget> targets;
  std::vector<std::pair<Labels, std::shared_ptr<const PageFamilies>>> families;  // by target
  std::vector<std::pair<std::string, Labels>> dropped;                           // by job
  std::vector<std::pair<std::string, uint64_t>> dropped_counts;
  Shard shard;
  std::vector<std::pair<std::string, uint64_t>> other_shards_counts;
  ScrapeStats scrape;
  std::optional<LogStats> log{LogStats{}};
  std::vector<ReceiverStatus> receivers;
  MemoryStatus memory;
  ConfigStatus config;
  Result<void> reload_result;
  int reloads = 0;
  FakeClock clock;
};

inline DiscoveryStatus ListedWatch(const std::string& name_space) {
  DiscoveryStatus watch;
  watch.role = "pod";
  watch.name_space = name_space;
  watch.api_server = "https://10.0.0.1:443";
  watch.listed = watch.connected = true;
  watch.objects = 50;
  watch.last_list_latency_ms = 12;
  return watch;
}

inline RefreshStatus ListedRefresh(RefreshKind kind, const std::string& origin) {
  RefreshStatus refresh;
  refresh.kind = kind;
  refresh.origin = origin;
  refresh.listed = true;
  refresh.files = kind == RefreshKind::kFile ? 2 : 0;
  refresh.targets = 7;
  refresh.reads_total = 5;
  refresh.failures_total = 1;
  refresh.last_success_ms = 1'700'000'009'000;
  refresh.last_latency_ms = 20;
  return refresh;
}

inline ReceiverStatus HealthyReceiver(const std::string& name) {
  ReceiverStatus receiver;
  receiver.name = name;
  receiver.url = "http://vm:8428/api/v1/write";
  receiver.last_request_latency_ms = 3;
  receiver.last_success_ms = 1'700'000'009'000;
  receiver.highest_sent_timestamp_ms = 1'700'000'008'500;
  receiver.lag_ms = 1500;
  receiver.oldest_unsent_timestamp_ms = 1'700'000'008'500;
  receiver.lanes = 2;
  receiver.lanes_max = 16;
  receiver.protocol = "io.prometheus.write.v2.Request";
  receiver.protocol_settled = true;
  receiver.written_samples_total = 990;
  receiver.samples_sent_total = 1000;
  receiver.requests_total = {{204, 2}};
  return receiver;
}

}  // namespace limpet

#endif  // LIMPET_TESTS_WEB_WEB_SOURCES_FAKE_H_
