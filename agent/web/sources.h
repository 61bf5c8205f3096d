// What limpet's pages are made from: functions that give the state of the other modules as values.
//
// Who calls it: main fills it, web/ reads it; the loop's thread only. Every function must answer at
// once, from memory.
// Functions rather than references, so that the pages do not care who answers.
#ifndef LIMPET_AGENT_WEB_SOURCES_H_
#define LIMPET_AGENT_WEB_SOURCES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/platform/clock.h"
#include "agent/platform/memory_budget.h"
#include "agent/platform/result.h"
#include "agent/scrape/scrape_manager.h"
#include "discovery/discovery.h"
#include "discovery/leader_election.h"
#include "discovery/monitor_discovery.h"
#include "queue/log.h"
#include "queue/remote_write.h"

namespace limpet {

struct ConfigStatus {
  bool last_reload_successful = true;  // the first load counts
  int64_t last_success_ms = 0;         // wall time
  uint64_t reloads_total = 0;          // taken, the first load not counted
  uint64_t reload_failures_total = 0;  // refused
  std::string last_error;              // empty where the last one was taken
};

struct WebSources {
  std::function<std::vector<DiscoveryStatus>()> discovery = nullptr;
  std::function<std::vector<RefreshStatus>()> refreshes = nullptr;
  std::function<bool()> all_listed = nullptr;
  std::function<std::vector<MonitorStatus>()> monitors = nullptr;
  std::function<void(const std::function<void(const TargetStatus&)>&)> for_each_target = nullptr;
  // Of targets that have been read.
  std::function<void(const OnTargetFamilies&)> for_each_families = nullptr;
  // Those that relabelling dropped, of one job or (no name) of all.
  std::function<void(std::string_view job, const OnDroppedTarget&)> for_each_dropped = nullptr;
  std::function<std::vector<std::pair<std::string, uint64_t>>()> dropped_counts = nullptr;
  std::function<LeaderElectionStatus()> leader_election = nullptr;  // null: there is none
  std::function<Shard()> shard = nullptr;
  std::function<std::vector<std::pair<std::string, uint64_t>>()> other_shards_counts = nullptr;
  std::function<ScrapeStats()> scrape = nullptr;
  // What there is to say of one pod, see explain.h.
  std::function<PodSearch(const PodName&)> look_for_pod = nullptr;
  std::function<void(const PodName&, const OnPodSighting&)> for_each_sighting = nullptr;
  std::function<void(const std::string& job, const TargetGroup&, const OnExplainedTarget&)>
      explain_targets = nullptr;
  std::function<const ScrapeConfig*(const std::string& job)> find_job = nullptr;
  std::function<std::string()> own_namespace = nullptr;  // empty: not known
  std::function<const LogStats*()> log = nullptr;        // null where the log is not open
  std::function<std::vector<ReceiverStatus>()> receivers = nullptr;
  std::function<MemoryStatus()> memory = nullptr;
  std::function<ConfigStatus()> config = nullptr;
  // The error where the new configuration is refused.
  std::function<Result<void>()> reload = nullptr;
  const Clock& clock;
};

// From the modules themselves, which must outlive the pages.
WebSources MakeWebSources(Discovery& discovery, const MonitorDiscovery& monitors,
                          const ScrapeManager& scrape, const Log& log,
                          const RemoteWrite& remote_write, const MemoryBudget& memory,
                          const Clock& clock, std::function<ConfigStatus()> config,
                          std::function<Result<void>()> reload);

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_SOURCES_H_
