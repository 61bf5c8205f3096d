#include "agent/targets_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstring>
#include <iostream>

#include "agent/config/units.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/logging.h"
#include "agent/standard_output.h"
#include "agent/target_preview.h"
#include "agent/web/api.h"
#include "discovery/discovery.h"
#include "discovery/monitor_discovery.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

constexpr int kKnown = 0;
constexpr int kIncomplete = 1;
constexpr int kNotListed = 2;
constexpr Millis kListTurn{50};

void PrintError(const std::string& text) { std::cerr << ForTerminal(text) << "\n"; }

// What has not listed, or not all of it; a line each.
std::vector<std::string> Incomplete(const Discovery& discovery) {
  std::vector<std::string> lines;
  for (const DiscoveryStatus& watch : discovery.Status()) {
    if (watch.listed) continue;
    std::string line = "kubernetes_sd: no list of role " + watch.role;
    line += watch.name_space.empty() ? " in all namespaces" : " in namespace " + watch.name_space;
    if (!watch.api_server.empty()) line += " from " + watch.api_server;
    if (!watch.last_error.empty()) line += ": " + watch.last_error;
    lines.push_back(std::move(line));
  }
  for (const RefreshStatus& refresh : discovery.Refreshes()) {
    if (refresh.kind == RefreshKind::kHttp && !refresh.listed) {
      const std::string error = refresh.last_error.empty() ? "no answer yet" : refresh.last_error;
      lines.push_back("http_sd: no list from " + refresh.origin + ": " + error);
    } else if (refresh.kind == RefreshKind::kFile && !refresh.last_error.empty()) {
      lines.push_back(refresh.last_error);
    }
  }
  return lines;
}

std::string Json(const TargetPreview& preview) {
  const std::string no_error;
  const WebSources sources{
      .for_each_target =
          [&](const std::function<void(const TargetStatus&)>& function) {
            for (const PreviewedTarget& target : preview.targets) {
              function(TargetStatus{target.job, target.discovered, target.spec.labels,
                                    target.spec.url.ToString(), TargetHealth::kUnknown, no_error, 0,
                                    0, target.spec.interval, target.spec.timeout});
            }
          },
      .for_each_dropped =
          [&](std::string_view, const OnDroppedTarget& function) {
            for (const DroppedTarget& target : preview.dropped) {
              if (!function(target.job, target.discovered)) return;
            }
          },
      .dropped_counts = [&] { return preview.dropped_counts; },
      .clock = SystemClock(),
  };
  return JsonForTerminal(TargetsJson(sources, "", "", "")) + "\n";
}

using Row = std::array<std::string, 5>;

std::string Table(const TargetPreview& preview) {
  std::vector<Row> rows = {{"JOB", "URL", "INTERVAL", "TIMEOUT", "LABELS"}};
  for (const PreviewedTarget& target : preview.targets) {
    std::string labels;
    AppendSeries(target.spec.labels, TextReader::kTerminal, labels);
    rows.push_back({ForTerminal(target.job), ForTerminal(target.spec.url.ToString()),
                    FormatDuration(target.spec.interval), FormatDuration(target.spec.timeout),
                    std::move(labels)});
  }
  Row::size_type last = rows[0].size() - 1;
  std::array<size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < last; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i < last; ++i)
      text += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += row[last] + "\n";
  }
  uint64_t dropped = 0;
  std::string by_job;
  for (const auto& [job, count] : preview.dropped_counts) {
    if (count == 0) continue;
    dropped += count;
    by_job += (by_job.empty() ? " (" : ", ") + ForTerminal(job) + ": " + std::to_string(count);
  }
  text += "\n" + std::to_string(preview.targets.size()) + " targets, " + std::to_string(dropped) +
          " dropped by relabelling" + by_job + (by_job.empty() ? "" : ")");
  if (preview.other_shards != 0) {
    text += ", " + std::to_string(preview.other_shards) + " of other shards";
  }
  return text + "\n";
}

}  // namespace

TargetsCommand::TargetsCommand(CLI::App& app, AgentOptions& options) : options_(options) {
  CLI::App* command = app.add_subcommand("targets",
                                         "Show what would be scraped, and with which labels; exit "
                                         "code 0: all is known, 1: a discovery "
                                         "did not answer in time, 2: the configuration is refused");
  command->add_option("--config.file", options.config_file, "Configuration file")
      ->capture_default_str();
  command->add_flag("--config.expand-env", options.load.expand_env,
                    "Replace ${VAR} in values of the configuration from the environment");
  command->add_option("--shards", options.shards, "Show the targets of one of so many shards")
      ->envname("LIMPET_SHARDS")
      ->capture_default_str();
  command->add_option("--shard", options.shard, "Which of them")->envname("LIMPET_SHARD");
  command->add_option("--wait", wait_, "How long to wait for discovery")->capture_default_str();
  command->add_option("--job", job_, "Only that job");
  command->add_flag("--json", json_, "As GET /api/v1/targets answers, dropped targets included");
  command_ = command;
}

bool TargetsCommand::parsed() const { return command_->parsed(); }

int TargetsCommand::Run() const {
  // What fails is printed below; the log would say it twice.
  (void)SetUpLogging("error", LogFormat::kLogfmt);
  const auto wait = ParseDuration(wait_);
  if (!wait) {
    PrintError("--wait: " + wait.error().message);
    return kNotListed;
  }
  const auto shard = ParseShard(options_.shards, options_.shard);
  if (!shard) {
    PrintError(shard.error().message);
    return kRefused;
  }
  LoadedConfig loaded = LoadConfigFile(options_.config_file, options_.load);
  for (const ConfigError& error : loaded.errors) PrintError(error.ToString());
  if (!loaded.config) return kNotListed;
  Config& config = *loaded.config;
  if (!job_.empty()) {
    std::erase_if(config.scrape_configs,
                  [&](const ScrapeConfig& job) { return job.job_name != job_; });
    if (!config.scrape_configs.empty()) config.kubernetes_monitors.reset();
  }

  EventLoop loop;
  FoundGroups found;
  Discovery discovery(loop, SystemClock(),
                      [&found](const std::string& job, std::vector<TargetGroup> groups) {
                        found.Take(job, std::move(groups));
                      });
  MonitorDiscovery monitors(
      loop, discovery.stores(),
      [&discovery](const auto& changed, const auto& gone) { discovery.Change(changed, gone); });
  monitors.Apply(config);
  discovery.Apply(config.scrape_configs);
  const auto listed = [&] { return monitors.AllListed() && discovery.AllListed(); };
  const SteadyTime end = SystemClock().Now() + *wait;
  for (bool done = false; !done && SystemClock().Now() < end;) {
    done = listed();
    // A monitor that was listed becomes a job in the turn after that.
    if (!done || config.kubernetes_monitors) loop.RunFor(kListTurn);
    done = done && listed();
  }

  std::vector<ScrapeConfig> jobs = config.scrape_configs;
  for (ScrapeConfig& job : monitors.Jobs()) jobs.push_back(std::move(job));
  if (!job_.empty()) {
    std::erase_if(jobs, [&](const ScrapeConfig& job) { return job.job_name != job_; });
    if (jobs.empty()) {
      PrintError("--job: there is no job " + job_);
      return kNotListed;
    }
  }
  const TargetPreview preview = found.Preview(jobs, *shard);
  StandardOutput out;
  out.Write(json_ ? Json(preview) : Table(preview));
  out.Flush();
  for (const LeftOutTarget& target : preview.left_out) {
    PrintError("job " + target.job + ": " + target.address + " left out: " + target.error);
  }
  for (const std::string& refusal : preview.refusals) PrintError(refusal);
  for (const MonitorStatus& monitor : monitors.Status()) {
    for (const std::string& error : monitor.errors) {
      PrintError(std::string(monitor.kind) + " " + monitor.name_space + "/" + monitor.name + ": " +
                 error);
    }
  }
  const std::vector<std::string> incomplete = Incomplete(discovery);
  for (const std::string& line : incomplete) PrintError(line);
  if (out.failure() != 0) {
    PrintError(std::string("standard output: ") + std::strerror(out.failure()));
    return kNotListed;
  }
  return incomplete.empty() ? kKnown : kIncomplete;
}

}  // namespace limpet
