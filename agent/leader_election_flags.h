// The options --leader-election and --leader-election.*: read, checked, and what they leave out.
//
// Who calls it: main adds them to the command line, agent.cc turns them into options.
// The lease is `limpet`, or what is said; with several shards the shard's number follows, so that
// each shard has a pair of its own. The identity is the pod's name (POD_NAME), else the host's.
#ifndef LIMPET_AGENT_LEADER_ELECTION_FLAGS_H_
#define LIMPET_AGENT_LEADER_ELECTION_FLAGS_H_

#include <optional>
#include <string>

#include "agent/platform/result.h"
#include "agent/scrape/shard.h"
#include "discovery/leader_election.h"

namespace CLI {
class App;
}  // namespace CLI

namespace limpet {

struct LeaderElectionFlags {
  bool enabled = false;
  std::string lease = "limpet";
  std::string name_space;
  std::string identity;
  std::string lease_duration = "15s";
  std::string renew_deadline = "10s";
  std::string retry_period = "2s";
};

// `flags` must outlive the parsing.
void AddLeaderElectionFlags(CLI::App& app, LeaderElectionFlags& flags);

// Nothing where it is not enabled. Errors name the option.
Result<std::optional<LeaderElectionOptions>> ReadLeaderElectionFlags(
    const LeaderElectionFlags& flags, Shard shard);

}  // namespace limpet

#endif  // LIMPET_AGENT_LEADER_ELECTION_FLAGS_H_
