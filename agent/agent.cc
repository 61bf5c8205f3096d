#include "agent/agent.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/config/memory_limit.h"
#include "agent/config_watch.h"
#include "agent/platform/free_memory.h"
#include "agent/platform/logging.h"
#include "agent/platform/process_memory.h"
#include "agent/platform/signals.h"
#include "agent/scrape/scrape_manager.h"
#include "agent/web/server.h"
#include "discovery/discovery.h"
#include "discovery/leader_election.h"
#include "discovery/monitor_discovery.h"
#include "queue/log.h"
#include "queue/remote_write.h"

namespace limpet {
namespace {

// What a stop may take at the most, the log's last write included.
constexpr Millis kCloseLimit{700};
// And before it, to give the lease to another replica.
constexpr Millis kReleaseLimit{300};

// After a start or a reload, until what only that needed is given back; and then what little is
// used now and then.
constexpr Millis kSettled{10'000};
constexpr Millis kSettledPeriod{60'000};

// Each target and receiver holds a socket: the soft limit of 1024 is what shells give, not what
// the machine can do.
void RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

LogOptions LogOptionsOf(const AgentOptions& options, const StorageConfig& storage) {
  LogOptions log;
  log.directory = options.storage_path;
  log.max_bytes = storage.max_bytes;
  log.max_age = storage.max_age;
  log.sync_interval = storage.sync_interval;
  return log;
}

// What this process does of what all limpets of its kind do together.
struct Part {
  Shard shard;
  std::optional<LeaderElectionOptions> election;
};

Result<Part> ReadPart(const AgentOptions& options) {
  const auto shard = ParseShard(options.shards, options.shard);
  if (!shard) return shard.error();
  auto election = ReadLeaderElectionFlags(options.leader_election, *shard);
  if (!election) return election.error();
  return Part{*shard, std::move(*election)};
}

// The parts of a running limpet, in the order in which they stand on each other.
class Agent {
 public:
  Agent(EventLoop& loop, const AgentOptions& options, const Part& part, const MemoryBounds& memory,
        ConfigWatch& watch, Config config, Log& log)
      : loop_(loop),
        options_(options),
        watch_(watch),
        config_(std::move(config)),
        log_(log),
        shard_(part.shard),
        process_memory_(SystemClock(), memory.cgroup),
        memory_(loop, SystemClock(), memory.limit, [this] { return process_memory_.UsedBytes(); }) {
    config_status_.last_success_ms = SystemClock().WallMs();
    if (part.election) Elect(*part.election);
  }

  Result<void> Start();
  Result<void> Reload();
  // No scrape any more; `done` is called once another replica may go on, or could not be told.
  void Stop(std::function<void()> done);

 private:
  void Elect(const LeaderElectionOptions& options);
  WebSources Sources();
  void Apply();
  void ApplyJobs();
  void ReturnMemory();

  EventLoop& loop_;
  const AgentOptions& options_;
  ConfigWatch& watch_;
  Config config_;
  Log& log_;
  const Shard shard_;
  ConfigStatus config_status_;
  ProcessMemory process_memory_;
  MemoryBudget memory_;
  std::unique_ptr<LeaderElection> election_;  // none: always active; scraping asks it
  RemoteWrite remote_write_{loop_, SystemClock(), log_};
  ScrapeManager scrape_{loop_, SystemClock(),
                        [this](const ScrapeView& scrape) { log_.Append(scrape); }, shard_};
  Discovery discovery_{loop_, SystemClock(),
                       [this](const std::string& job, std::vector<TargetGroup> groups) {
                         scrape_.OnTargetGroups(job, std::move(groups));
                       }};
  MonitorDiscovery monitors_{loop_, discovery_.stores(),
                             [this](const auto& changed, const auto& gone) {
                               scrape_.Change(changed, gone);
                               discovery_.Change(changed, gone);
                             }};
  std::unique_ptr<WebServer> web_;
  Timer settled_{loop_};
  Signals reload_signal_{loop_, {SIGHUP}, [this](int) { (void)Reload(); }};
};

// On standby until the lease is held: discovery runs, what is in the log is delivered.
void Agent::Elect(const LeaderElectionOptions& options) {
  election_ = std::make_unique<LeaderElection>(
      loop_, SystemClock(),
      std::make_shared<KubernetesApi>(KubernetesAccess(), KubernetesEnvironment::FromProcess()),
      options, [this](bool active) { active ? scrape_.Resume() : scrape_.Pause(); });
  scrape_.Pause();
  scrape_.ScrapeWhile([this] { return election_->IsActive(); });
}

WebSources Agent::Sources() {
  WebSources sources = MakeWebSources(
      discovery_, monitors_, scrape_, log_, remote_write_, memory_, SystemClock(),
      [this] { return config_status_; }, [this] { return Reload(); });
  if (election_) sources.leader_election = [this] { return election_->status(); };
  return sources;
}

void Agent::Stop(std::function<void()> done) {
  if (!election_) return done();
  scrape_.Pause();
  election_->Release(kReleaseLimit, std::move(done));
}

Result<void> Agent::Start() {
  auto web = WebServer::Start(loop_, options_.listen_address, Sources());
  if (!web) return web.error();
  web_ = std::move(*web);
  scrape_.UseMemory(memory_);
  memory_.Start([this] { scrape_.ReleaseCaches(); });
  if (election_) election_->Start();
  Apply();
  LogInfo("limpet started", {{"version", LIMPET_VERSION},
                             {"address", options_.listen_address},
                             {"port", web_->port()},
                             {"jobs", config_.scrape_configs.size()},
                             {"receivers", config_.remote_write.size()},
                             {"memory_limit_bytes", memory_.status().limit.bytes}});
  return {};
}

void Agent::Apply() {
  log_.SetBounds(config_.storage.max_bytes, config_.storage.max_age, config_.storage.sync_interval);
  remote_write_.Apply(config_.remote_write, config_.global.external_labels);
  ApplyJobs();
  settled_.After(kSettled, [this] { ReturnMemory(); });
}

// Again and again: a start with thousands of slow targets is not over as soon as that.
void Agent::ReturnMemory() {
  ReturnFreeMemory();
  ReturnMappedCode();
  settled_.After(kSettledPeriod, [this] { ReturnMemory(); });
}

// Scraping first: discovery then reports the groups of every job to it.
void Agent::ApplyJobs() {
  monitors_.Apply(config_);
  Config config = config_;
  for (ScrapeConfig& job : monitors_.Jobs()) config.scrape_configs.push_back(std::move(job));
  scrape_.Apply(config);
  discovery_.Apply(config.scrape_configs);
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
  watch_.Follow(loaded);
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

}  // namespace

// Nothing waits for a receiver at the end: what it has not taken is
// on disk.
int RunAgent(const AgentOptions& options) {
  const auto format = ParseLogFormat(options.log_format);
  if (!format) {
    std::cerr << "--log.format: " << format.error().message << "\n";
    return 2;
  }
  if (const auto logging = SetUpLogging(options.log_level, *format); !logging) {
    std::cerr << "--log.level: " << logging.error().message << "\n";
    return 2;
  }
  const auto memory = ReadMemoryBounds(options.memory_limit);
  if (!memory) {
    std::cerr << "--memory.limit: " << memory.error().message << "\n";
    return 2;
  }
  const auto part = ReadPart(options);
  if (!part) {
    std::cerr << part.error().message << "\n";
    return 2;
  }
  RaiseOpenFileLimit();
  EventLoop loop;
  // Before the file is read, so that no edit falls between; there is nobody to tell until the loop
  // runs.
  Agent* running = nullptr;
  ConfigWatch config_watch(loop, options.config_file, [&running] { (void)running->Reload(); });
  LoadedConfig loaded = LoadConfigFile(options.config_file, options.load);
  config_watch.Follow(loaded);
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
    Agent agent(loop, options, *part, *memory, config_watch, std::move(*loaded.config), **log);
    if (const auto started = agent.Start(); !started) {
      LogError("limpet cannot start", {{"error", started.error().message}});
      return 1;
    }
    const Signals stop(loop, {SIGTERM, SIGINT}, [&](int signal) {
      LogInfo("stopping", {{"signal", signal}});
      agent.Stop([&loop] { loop.Stop(); });
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

}  // namespace limpet
