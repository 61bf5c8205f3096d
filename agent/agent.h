// The running agent: its parts put together, the configuration taken up when it changes, and the
// stop.
//
// Who calls it: main. It runs until SIGTERM or SIGINT. Exit codes: 0 after a stop, 1 where it
// cannot start, 2 where an option makes no sense.
#ifndef LIMPET_AGENT_AGENT_H_
#define LIMPET_AGENT_AGENT_H_

#include <string>

#include "agent/config/load.h"
#include "agent/leader_election_flags.h"

namespace limpet {

struct AgentOptions {
  std::string config_file = "limpet.yml";
  std::string storage_path = "limpet-data";
  std::string listen_address = "0.0.0.0:8429";
  std::string log_level = "info";
  std::string log_format = "json";
  std::string memory_limit = "auto";
  std::string shards = "1";
  std::string shard;
  LeaderElectionFlags leader_election;
  LoadOptions load;
};

int RunAgent(const AgentOptions& options);

}  // namespace limpet

#endif  // LIMPET_AGENT_AGENT_H_
