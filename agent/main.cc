// The limpet binary: its command line.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "agent/agent.h"
#include "agent/config/load.h"
#include "agent/explain_command.h"
#include "agent/log_command.h"
#include "agent/scrape_command.h"
#include "agent/targets_command.h"

namespace limpet {
namespace {

int CheckConfig(const std::string& file, const LoadOptions& load) {
  const LoadedConfig loaded = LoadConfigFile(file, load);
  for (const ConfigError& error : loaded.errors) std::cerr << error.ToString() << "\n";
  if (!loaded.config) return 1;
  std::cout << file << ": ok, " << loaded.config->scrape_configs.size() << " scrape configs, "
            << loaded.config->remote_write.size() << " receivers\n";
  return 0;
}

int Main(int argc, char** argv) {
  AgentOptions options;
  std::string file_to_check;
  CLI::App app("limpet: a light Kubernetes-native scrape agent that loses nothing", "limpet");
  app.set_version_flag("--version", "limpet " LIMPET_VERSION);
  app.add_option("--config.file", options.config_file, "Configuration file, watched for changes")
      ->capture_default_str();
  app.add_flag("--config.expand-env", options.load.expand_env,
               "Replace ${VAR} in values of the configuration from the environment");
  app.add_option("--storage.path", options.storage_path, "Directory of the log")
      ->capture_default_str();
  app.add_option("--web.listen-address", options.listen_address,
                 "Address of the metrics, health and pages")
      ->capture_default_str();
  app.add_option(
         "--memory.limit", options.memory_limit,
         "Memory to keep within: a size such as 512MiB, auto (the limit of the container or "
         "service, if any) or none")
      ->capture_default_str();
  app.add_option("--shards", options.shards, "How many limpets divide the targets")
      ->envname("LIMPET_SHARDS")
      ->capture_default_str();
  app.add_option("--shard", options.shard,
                 "Which of them this is: 0, 1, ... or a StatefulSet's pod, such as limpet-0")
      ->envname("LIMPET_SHARD");
  AddLeaderElectionFlags(app, options.leader_election);
  app.add_option("--log.level", options.log_level, "debug, info, warn or error")
      ->capture_default_str();
  app.add_option("--log.format", options.log_format, "json or logfmt")->capture_default_str();
  CLI::App* check = app.add_subcommand("check-config", "Check a configuration file and exit");
  check->add_option("FILE", file_to_check, "The file")->required();
  check->add_flag("--config.expand-env", options.load.expand_env, "As above");
  TargetsCommand targets(app, options);
  ScrapeCommand scrape(app, options.config_file, options.load);
  ExplainCommand explain(app);
  LogCommand log(app);
  CLI11_PARSE(app, argc, argv);
  if (check->parsed()) return CheckConfig(file_to_check, options.load);
  if (targets.parsed()) return targets.Run();
  if (scrape.parsed()) return scrape.Run();
  if (explain.parsed()) return explain.Run();
  if (log.parsed()) return log.Run();
  return RunAgent(options);
}

}  // namespace
}  // namespace limpet

int main(int argc, char** argv) { return limpet::Main(argc, argv); }
