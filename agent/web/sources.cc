#include "agent/web/sources.h"

namespace limpet {

WebSources MakeWebSources(const Discovery& discovery, const MonitorDiscovery& monitors,
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
      .dropped = [&scrape] { return scrape.Dropped(); },
      .dropped_counts = [&scrape] { return scrape.DroppedCounts(); },
      .scrape = [&scrape] { return scrape.stats(); },
      .log = [&log] { return &log.stats(); },
      .receivers = [&remote_write] { return remote_write.Status(); },
      .memory = [&memory] { return memory.status(); },
      .config = std::move(config),
      .reload = std::move(reload),
      .clock = clock,
  };
}

}  // namespace limpet
