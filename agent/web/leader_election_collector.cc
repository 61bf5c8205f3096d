#include "agent/web/collectors.h"

namespace limpet {

void CollectLeaderElection(const WebSources& sources, MetricFamilies& families) {
  if (!sources.leader_election) return;
  const LeaderElectionStatus status = sources.leader_election();
  const MetricLabels labels = {{"namespace", status.name_space}, {"lease", status.lease}};
  const auto gauge = [&](std::string_view name, std::string_view help, auto value) {
    AddSample(families.Gauge(name, help), labels, value);
  };
  const auto counter = [&](std::string_view name, std::string_view help, auto value) {
    AddSample(families.Counter(name, help), labels, value);
  };
  gauge("limpet_leader_election_active", "1 where this replica scrapes, 0 on standby.",
        status.active ? 1 : 0);
  gauge("limpet_leader_election_lease_transitions",
        "How often the lease went from one holder to another.", status.transitions);
  counter("limpet_leader_election_acquired_total", "Times this replica became active.",
          status.acquired_total);
  counter("limpet_leader_election_lost_total", "Times it ceased to be active while running.",
          status.lost_total);
  counter("limpet_leader_election_renewals_total", "Writes to the lease that were taken.",
          status.renewals_total);
  counter("limpet_leader_election_failures_total",
          "Tries to read or write the lease that ended in an error.", status.failures_total);
  gauge("limpet_leader_election_last_request_duration_seconds",
        "Of the last request that was answered.",
        static_cast<double>(status.last_latency_ms) / 1000);
  if (status.last_renewal_ms == 0) return;
  gauge("limpet_leader_election_last_renewal_timestamp_seconds",
        "When this replica last wrote the lease.",
        static_cast<double>(status.last_renewal_ms) / 1000);
}

}  // namespace limpet
