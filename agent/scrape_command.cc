#include "agent/scrape_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <iostream>
#include <iterator>

#include "agent/config/units.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/logging.h"
#include "agent/sample_lines.h"
#include "agent/scrape/scrape_manager.h"
#include "agent/scrape/target_labels.h"
#include "agent/scrape_url.h"
#include "agent/standard_output.h"
#include "queue/log_samples.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

constexpr int kGood = 0;
constexpr int kFailed = 1;
constexpr int kRefused = 2;
constexpr Millis kTurn{50};
// For what a scrape's own timeout does not bound.
constexpr Millis kMargin{2000};

int Fail(int code, const std::string& text) {
  std::cerr << ForTerminal(text) << "\n";
  return code;
}

void AddExternalLabels(const Labels& external, Labels& labels) {
  LabelsBuilder all(external);
  for (const Label& label : labels) all.Set(label.name, label.value);
  labels = all.Build();
}

void PrintSamples(const ScrapeView& scrape, const Labels& external, bool json,
                  StandardOutput& out) {
  std::string line;
  size_t histogram = 0;
  for (size_t i = 0; i < scrape.values.size(); ++i) {
    const size_t series = scrape.series.empty() ? i : scrape.series[i];
    Labels labels = DeliveredLabels(scrape, series);
    AddExternalLabels(external, labels);
    const int64_t timestamp_ms =
        scrape.timestamps.empty() ? scrape.timestamp_ms : scrape.timestamps[i];
    while (histogram < scrape.histograms.size() && scrape.histograms[histogram].place < i) {
      ++histogram;
    }
    const bool has_histogram =
        histogram < scrape.histograms.size() && scrape.histograms[histogram].place == i;
    const SampleLine sample{labels, timestamp_ms, scrape.values[i],
                            scrape.layout->MetadataOf(series),
                            has_histogram ? scrape.histograms[histogram].message : ""};
    line.clear();
    if (json) {
      AppendJsonLine(sample, line);
    } else {
      AppendTextLine(sample, line);
    }
    if (!out.Write(line)) return;
  }
}

}  // namespace

ScrapeCommand::ScrapeCommand(CLI::App& app, std::string& config_file, LoadOptions& load)
    : app_(app), config_file_(config_file), load_(load) {
  CLI::App* command = app.add_subcommand(
      "scrape",
      "Scrape once and print the samples as they would be delivered; exit code 0: good, 1: the "
      "scrape failed, 2: the configuration or an option is refused");
  command->add_option("URL", url_, "Of the page; http:// and /metrics may be left out")->required();
  config_option_ =
      command->add_option("--config.file", config_file, "Use a job of that configuration file");
  command->add_flag("--config.expand-env", load.expand_env,
                    "Replace ${VAR} in values of the configuration from the environment");
  command->add_option("--job", job_,
                      "The job whose client settings, relabelling and limits apply; without "
                      "--config.file just its name");
  command->add_option("--label", labels_, "A label as discovery would find it, NAME=VALUE")
      ->allow_extra_args(false);
  command->add_option("--protocols", protocols_, "Formats to ask for, in order")->delimiter(',');
  command->add_option("--timeout", timeout_, "Of the scrape");
  command->add_flag("--json", json_, "A JSON object a line, with type, help and unit");
  command_ = command;
}

bool ScrapeCommand::parsed() const { return command_->parsed(); }

bool ScrapeCommand::Load(Config& config) const {
  const bool has_file =
      config_option_->count() > 0 || app_.get_option("--config.file")->count() > 0;
  if (!has_file) {
    ScrapeConfig& job = config.scrape_configs.emplace_back();
    job.job_name = job_.empty() ? "scrape" : job_;
    return true;
  }
  LoadedConfig loaded = LoadConfigFile(config_file_, load_);
  for (const ConfigError& error : loaded.errors) Fail(kRefused, error.ToString());
  if (!loaded.config) return false;
  config = std::move(*loaded.config);
  std::vector<ScrapeConfig>& jobs = config.scrape_configs;
  std::string names;
  for (const ScrapeConfig& job : jobs) names.append(names.empty() ? "" : ", ").append(job.job_name);
  if (!job_.empty()) {
    std::erase_if(jobs, [&](const ScrapeConfig& job) { return job.job_name != job_; });
  }
  if (jobs.size() == 1) return true;
  Fail(kRefused, "--job: which one? " + config_file_ + " has: " + names);
  return false;
}

Result<void> ScrapeCommand::ApplyOptions(ScrapeConfig& job) const {
  if (!timeout_.empty()) {
    const auto timeout = ParseDuration(timeout_);
    if (!timeout) return Error{"--timeout: " + timeout.error().message};
    if (*timeout <= Millis(0)) return Error{"--timeout: must be greater than 0"};
    job.scrape_timeout = *timeout;
    job.scrape_interval = std::max(job.scrape_interval, *timeout);
  }
  if (!protocols_.empty()) job.scrape_protocols.clear();
  for (const std::string& name : protocols_) {
    const auto protocol = ScrapeProtocolOf(name);
    if (!protocol) {
      return Error{"--protocols: there is no " + name + "; there are: " + ScrapeProtocolList()};
    }
    job.scrape_protocols.push_back(*protocol);
  }
  return {};
}

Result<Labels> ScrapeCommand::TargetOf(ScrapeConfig& job) const {
  const auto address = ApplyScrapeUrl(url_, job);
  if (!address) return Error{"URL: " + address.error().message};
  LabelsBuilder labels;
  labels.Set("__address__", *address);
  for (const std::string& label : labels_) {
    const size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{"--label: expected NAME=VALUE, found " + label};
    }
    labels.Set(label.substr(0, equals), label.substr(equals + 1));
  }
  return labels.Build();
}

int ScrapeCommand::Run() const {
  // What fails is printed below; the log would say it twice.
  (void)SetUpLogging("error", LogFormat::kLogfmt);
  Config config;
  if (!Load(config)) return kRefused;
  ScrapeConfig& job = config.scrape_configs.front();
  if (const auto applied = ApplyOptions(job); !applied) {
    return Fail(kRefused, applied.error().message);
  }
  const auto labels = TargetOf(job);
  if (!labels) return Fail(kRefused, labels.error().message);
  const auto target = MakeTarget(job, DiscoveredLabels(job, Labels(), *labels));
  if (!target) return Fail(kRefused, target.error().message);
  if (!*target) {
    return Fail(kFailed, "relabel_configs of job " + job.job_name +
                             " drop this target; --label can give it the labels they look for");
  }

  EventLoop loop;
  StandardOutput out;
  ScrapeManager scrape(loop, SystemClock(), [&](const ScrapeView& view) {
    PrintSamples(view, config.global.external_labels, json_, out);
  });
  scrape.Apply(config);
  scrape.OnTargetGroups(job.job_name, {{"command/0", Labels(), {*labels}}});
  const SteadyTime end = SystemClock().Now() + (*target)->timeout + kMargin;
  while (scrape.stats().scrapes_total == 0 && SystemClock().Now() < end) loop.RunFor(kTurn);
  out.Flush();
  std::string error = "no answer in time";
  scrape.ForEachTarget([&](const TargetStatus& status) {
    if (status.health == TargetHealth::kUp) error.clear();
    if (status.health == TargetHealth::kDown) error = status.last_error;
  });
  if (!error.empty()) return Fail(kFailed, (*target)->url.Origin() + ": " + error);
  if (out.failure() == 0) return kGood;
  return Fail(kRefused, std::string("standard output: ") + std::strerror(out.failure()));
}

}  // namespace limpet
