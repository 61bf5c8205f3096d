// The limpet binary: command line, wiring and signals.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/load.h"
#include "agent/log_command.h"
#include "agent/platform/file_watch.h"
#include "agent/platform/logging.h"
#include "agent/platform/signals.h"
#include "agent/scrape/scrape_manager.h"
#include "agent/web/server.h"
#include "discovery/discovery.h"
#include "queue/log.h"
#include "queue/remote_write.h"

namespace limpet {
namespace {

// What a stop may take at the most, the log's last write included.
constexpr Millis kCloseLimit{700};

struct Options {
  std::string config_file = "limpet.yml";
  std::string storage_path = "limpet-data";
  std::string listen_address = "0.0.0.0:8429";
  std::string log_level = "info";
  std::string log_format = "json";
  LoadOptions load;
};

// Each target and receiver holds a socket: the soft limit of 1024 is what shells give, not what
// the machine can do.
void RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

LogOptions LogOptionsOf(const Options& options, const StorageConfig& storage) {
  LogOptions log;
  log.directory = options.storage_path;
  log.max_bytes = storage.max_bytes;
  log.max_age = storage.max_age;
  log.sync_interval = storage.sync_interval;
  return log;
}

// The parts of a running limpet, in the order in which they stand on each other.
class Agent {
 public:
  Agent(EventLoop& loop, const Options& options, Config config, Log& log)
      : loop_(loop), options_(options), config_(std::move(config)), log_(log) {
    config_status_.last_success_ms = SystemClock().WallMs();
  }

  Result<void> Start();
  Result<void> Reload();

 private:
  void Apply();

  EventLoop& loop_;
  const Options& options_;
  Config config_;
  Log& log_;
  ConfigStatus config_status_;
  RemoteWrite remote_write_{loop_, SystemClock(), log_};
  ScrapeManager scrape_{loop_, SystemClock(),
                        [this](const ScrapeView& scrape) { log_.Append(scrape); }};
  Discovery discovery_{loop_, SystemClock(),
                       [this](const std::string& job, std::vector<TargetGroup> groups) {
                         scrape_.OnTargetGroups(job, std::move(groups));
                       }};
  std::unique_ptr<WebServer> web_;
  Signals reload_signal_{loop_, {SIGHUP}, [this](int) { (void)Reload(); }};
};

Result<void> Agent::Start() {
  auto web = WebServer::Start(loop_, options_.listen_address,
                              MakeWebSources(
                                  discovery_, scrape_, log_, remote_write_, SystemClock(),
                                  [this] { return config_status_; }, [this] { return Reload(); }));
  if (!web) return web.error();
  web_ = std::move(*web);
  Apply();
  LogInfo("limpet started", {{"version", LIMPET_VERSION},
                             {"address", options_.listen_address},
                             {"port", web_->port()},
                             {"jobs", config_.scrape_configs.size()},
                             {"receivers", config_.remote_write.size()}});
  return {};
}

void Agent::Apply() {
  log_.SetBounds(config_.storage.max_bytes, config_.storage.max_age, config_.storage.sync_interval);
  remote_write_.Apply(config_.remote_write, config_.global.external_labels);
  // Jobs first: discovery then reports the groups of every job to them.
  scrape_.Apply(config_);
  discovery_.Apply(config_.scrape_configs);
}

void LogConfigErrors(const std::vector<ConfigError>& errors) {
  for (const ConfigError& error : errors) {
    LogError("configuration error", {{"file", error.file},
                                     {"line", error.line},
                                     {"column", error.column},
                                     {"error", error.message}});
  }
}

std::string AllErrors(const std::vector<ConfigError>& errors) {
  std::string text;
  for (const ConfigError& error : errors)
    text.append(text.empty() ? "" : "\n").append(error.ToString());
  return text;
}

Result<void> Agent::Reload() {
  LoadedConfig loaded = LoadConfigFile(options_.config_file, options_.load);
  config_status_.last_reload_successful = loaded.config.has_value();
  if (!loaded.config) {
    LogConfigErrors(loaded.errors);
    LogError("configuration refused, the running one stays", {{"file", options_.config_file}});
    ++config_status_.reload_failures_total;
    config_status_.last_error = AllErrors(loaded.errors);
    return Error{config_status_.last_error};
  }
  ++config_status_.reloads_total;
  config_status_.last_error.clear();
  config_status_.last_success_ms = SystemClock().WallMs();
  config_ = std::move(*loaded.config);
  Apply();
  LogInfo("configuration taken", {{"file", options_.config_file}});
  return {};
}

// Runs until SIGTERM or SIGINT. Nothing waits for a receiver at the end: what it has not taken is
// on disk.
int RunAgent(const Options& options) {
  const auto format = ParseLogFormat(options.log_format);
  if (!format) {
    std::cerr << "--log.format: " << format.error().message << "\n";
    return 2;
  }
  if (const auto logging = SetUpLogging(options.log_level, *format); !logging) {
    std::cerr << "--log.level: " << logging.error().message << "\n";
    return 2;
  }
  RaiseOpenFileLimit();
  EventLoop loop;
  // Before the file is read, so that no edit falls between; there is nobody to tell until the loop
  // runs.
  Agent* running = nullptr;
  const FileWatch config_watch(loop, options.config_file, [&running] { (void)running->Reload(); });
  LoadedConfig loaded = LoadConfigFile(options.config_file, options.load);
  if (!loaded.config) {
    LogConfigErrors(loaded.errors);
    return 1;
  }
  auto log = Log::Open(loop, PosixFileSystem(), SystemClock(),
                       LogOptionsOf(options, loaded.config->storage));
  if (!log) {
    LogError("the log cannot be opened", {{"error", log.error().message}});
    return 1;
  }
  {
    Agent agent(loop, options, std::move(*loaded.config), **log);
    if (const auto started = agent.Start(); !started) {
      LogError("limpet cannot start", {{"error", started.error().message}});
      return 1;
    }
    const Signals stop(loop, {SIGTERM, SIGINT}, [&loop](int signal) {
      LogInfo("stopping", {{"signal", signal}});
      loop.Stop();
    });
    running = &agent;
    loop.Run();
  }
  (*log)->Close(kCloseLimit);
  log->reset();
  LogInfo("stopped");
  // Not through the loop's destructor, which waits for a name that is being looked up: many seconds
  // where DNS is down, and nothing is left to be saved.
  std::_Exit(0);
}

int CheckConfig(const std::string& file, const LoadOptions& load) {
  const LoadedConfig loaded = LoadConfigFile(file, load);
  for (const ConfigError& error : loaded.errors) std::cerr << error.ToString() << "\n";
  if (!loaded.config) return 1;
  std::cout << file << ": ok, " << loaded.config->scrape_configs.size() << " scrape configs, "
            << loaded.config->remote_write.size() << " receivers\n";
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
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
  app.add_option("--log.level", options.log_level, "debug, info, warn or error")
      ->capture_default_str();
  app.add_option("--log.format", options.log_format, "json or logfmt")->capture_default_str();
  CLI::App* check = app.add_subcommand("check-config", "Check a configuration file and exit");
  check->add_option("FILE", file_to_check, "The file")->required();
  check->add_flag("--config.expand-env", options.load.expand_env, "As above");
  LogCommand log(app);
  CLI11_PARSE(app, argc, argv);
  if (check->parsed()) return CheckConfig(file_to_check, options.load);
  if (log.parsed()) return log.Run();
  return RunAgent(options);
}

}  // namespace
}  // namespace limpet

int main(int argc, char** argv) { return limpet::Main(argc, argv); }
