#include "agent/web/sources.h"

namespace limpet {

WebSources MakeWebSources(Discovery& discovery, const MonitorDiscovery& monitors,
                          const ScrapeManager& scrape, const Log& log,
                          const RemoteWrite& remote_write, const MemoryBudget& memory,
                          const Clock& clock, std::function<ConfigStatus()> config,
                          std::function<Result<void>()> reload) {
  return WebSources{
      .discovery = [&discovery] { return discovery.Status(); },
      .refreshes = [&discovery] { return discovery.Refreshes(); },
      .all_listed = [&discovery,
                     &monitors] { return discovery.AllListed() && monitors.AllListed(); },
      .monitors = [&monitors] { return monitors.Status(); },
      .for_each_target =
          [&scrape](const std::function<void(const TargetStatus&)>& function) {
            scrape.ForEachTarget(function);
          },
      .for_each_families =
          [&scrape](const OnTargetFamilies& function) { scrape.ForEachFamilies(function); },
      .for_each_dropped =
          [&scrape, &discovery](std::string_view job, const OnDroppedTarget& function) {
            const auto groups = [&discovery](const std::string& of, const WantTargetGroup& want,
                                             const TakeTargetGroup& take) {
              discovery.ForEachWanted(of, want, take);
            };
            scrape.ForEachDropped(job, groups, function);
          },
      .dropped_counts = [&scrape] { return scrape.DroppedCounts(); },
      .shard = [&scrape] { return scrape.shard(); },
      .other_shards_counts = [&scrape] { return scrape.OtherShardsCounts(); },
      .scrape = [&scrape] { return scrape.stats(); },
      .look_for_pod =
          [&discovery](const PodName& pod) { return discovery.stores().LookForPod(pod); },
      .for_each_sighting =
          [&discovery](const PodName& pod, const OnPodSighting& function) {
            discovery.ForEachSighting(pod, function);
          },
      .explain_targets =
          [&scrape](const std::string& job, const TargetGroup& group,
                    const OnExplainedTarget& function) { scrape.Explain(job, group, function); },
      .find_job = [&scrape](const std::string& job) { return scrape.FindJob(job); },
      .own_namespace = [&discovery] { return discovery.stores().OwnNamespace(); },
      .log = [&log] { return &log.stats(); },
      .receivers = [&remote_write] { return remote_write.Status(); },
      .memory = [&memory] { return memory.status(); },
      .config = std::move(config),
      .reload = std::move(reload),
      .clock = clock,
  };
}

}  // namespace limpet
