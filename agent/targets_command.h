// `limpet targets`: what would be scraped and with which labels, without scraping it.
//
// Who calls it: main. The configuration is loaded as at start and discovery runs until all of it
// has listed, or --wait is over. Exit codes: 0 all is known; 1 a discovery did not answer in time
// or a file of targets cannot be used (standard error says which, and what is known is printed);
// 2 the configuration is refused, or an option makes no sense.
#ifndef LIMPET_AGENT_TARGETS_COMMAND_H_
#define LIMPET_AGENT_TARGETS_COMMAND_H_

#include <string>

#include "agent/agent.h"

namespace CLI {
class App;
}  // namespace CLI

namespace limpet {

class TargetsCommand {
 public:
  // Adds itself to the command line, which has to outlive it, as have the options, which may have
  // been set before the command's name.
  TargetsCommand(CLI::App& app, AgentOptions& options);

  bool parsed() const;
  // The exit code.
  int Run() const;

 private:
  const CLI::App* command_ = nullptr;
  const AgentOptions& options_;
  std::string wait_ = "10s";
  std::string job_;
  bool json_ = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_TARGETS_COMMAND_H_
