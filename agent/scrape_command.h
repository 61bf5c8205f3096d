// `limpet scrape URL`: scrapes once and prints the samples as they would be delivered.
//
// Who calls it: main. The scrape is a real one, by ScrapeManager: the same request, parsers,
// relabelling, limits and report series (up and the like); external_labels of the configuration are
// added as at delivery, what receivers' write_relabel_configs do is not. Exit codes: 0 the scrape
// was good; 1 it failed, or relabelling drops the target (standard error says why; what would be
// delivered, up = 0 and so on, is printed); 2 the configuration, the URL or an option is refused.
//
//   limpet scrape 10.0.0.7:9100                     # http, /metrics
//   limpet scrape --config.file limpet.yml --job api http://10.0.0.7:8080/stats
#ifndef LIMPET_AGENT_SCRAPE_COMMAND_H_
#define LIMPET_AGENT_SCRAPE_COMMAND_H_

#include <string>
#include <vector>

#include "agent/config/load.h"
#include "agent/platform/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace limpet {

class ScrapeCommand {
 public:
  // As TargetsCommand.
  ScrapeCommand(CLI::App& app, std::string& config_file, LoadOptions& load);

  bool parsed() const;
  // The exit code.
  int Run() const;

 private:
  // The configuration with the one job that is to be used; errors are printed.
  bool Load(Config& config) const;
  Result<void> ApplyOptions(ScrapeConfig& job) const;
  Result<Labels> TargetOf(ScrapeConfig& job) const;

  const CLI::App* command_ = nullptr;
  const CLI::Option* config_option_ = nullptr;
  const CLI::App& app_;
  const std::string& config_file_;
  const LoadOptions& load_;
  std::string url_;
  std::string job_;
  std::vector<std::string> labels_;
  std::vector<std::string> protocols_;
  std::string timeout_;
  bool json_ = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_COMMAND_H_
