#include <algorithm>
#include <map>
#include <tuple>

#include "agent/web/collectors.h"

namespace limpet {
namespace {

// Watches that differ in their selectors only have the same labels here, so they are added up: two
// samples with the same labels would make the whole page invalid.
struct Watches {
  uint64_t count = 0;
  uint64_t listed = 0;
  uint64_t connected = 0;
  int64_t list_latency_ms_max = 0;
  DiscoveryStatus sum;
};

using Key = std::tuple<std::string, std::string, std::string>;

std::map<Key, Watches> Grouped(const std::vector<DiscoveryStatus>& statuses) {
  std::map<Key, Watches> groups;
  for (const DiscoveryStatus& status : statuses) {
    Watches& group = groups[Key(status.api_server, status.name_space, status.role)];
    ++group.count;
    group.listed += status.listed;
    group.connected += status.connected;
    group.list_latency_ms_max = std::max(group.list_latency_ms_max, status.last_list_latency_ms);
    group.sum.objects += status.objects;
    group.sum.lists_total += status.lists_total;
    group.sum.watches_total += status.watches_total;
    group.sum.failures_total += status.failures_total;
    group.sum.events_added_total += status.events_added_total;
    group.sum.events_modified_total += status.events_modified_total;
    group.sum.events_deleted_total += status.events_deleted_total;
  }
  return groups;
}

}  // namespace

void CollectDiscovery(const WebSources& sources, MetricFamilies& families) {
  auto& watches = families.Gauge("limpet_sd_kubernetes_watches", "Watches that are configured.");
  auto& listed = families.Gauge("limpet_sd_kubernetes_watches_listed",
                                "Watches whose first list has been read.");
  auto& connected = families.Gauge("limpet_sd_kubernetes_watches_connected",
                                   "Watches that are open at this moment.");
  auto& objects = families.Gauge("limpet_sd_kubernetes_objects", "Objects known from watches.");
  auto& latency = families.Gauge("limpet_sd_kubernetes_last_list_duration_seconds",
                                 "What the last list took, its answer complete.");
  auto& lists = families.Counter("limpet_sd_kubernetes_lists_total", "Lists asked for.");
  auto& opened = families.Counter("limpet_sd_kubernetes_watches_opened_total",
                                  "Watches opened, every new try after a break counted.");
  auto& failures = families.Counter("limpet_sd_kubernetes_failures_total",
                                    "Lists and watches that ended in an error.");
  auto& events = families.Counter("limpet_sd_kubernetes_events_total", "Events received.");
  for (const auto& [key, group] : Grouped(sources.discovery())) {
    const auto& [api_server, name_space, role] = key;
    const MetricLabels labels = {
        {"role", role}, {"namespace", name_space}, {"api_server", api_server}};
    AddSample(watches, labels, group.count);
    AddSample(listed, labels, group.listed);
    AddSample(connected, labels, group.connected);
    AddSample(objects, labels, group.sum.objects);
    AddSample(latency, labels, static_cast<double>(group.list_latency_ms_max) / 1000);
    AddSample(lists, labels, group.sum.lists_total);
    AddSample(opened, labels, group.sum.watches_total);
    AddSample(failures, labels, group.sum.failures_total);
    MetricLabels with_event = labels;
    with_event.emplace_back("event", "add");
    AddSample(events, with_event, group.sum.events_added_total);
    with_event.back().second = "update";
    AddSample(events, with_event, group.sum.events_modified_total);
    with_event.back().second = "delete";
    AddSample(events, with_event, group.sum.events_deleted_total);
  }
}

}  // namespace limpet
