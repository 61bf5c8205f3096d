#include "agent/log_command.h"

#include <poll.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <iostream>

#include "agent/log_dump.h"
#include "agent/log_verify.h"
#include "agent/platform/clock.h"
#include "agent/platform/file_system.h"
#include "agent/platform/timestamp.h"
#include "agent/standard_output.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

constexpr int kSound = 0;
constexpr int kDamaged = 1;
constexpr int kUnreadable = 2;

// Time for a running limpet to finish what it is writing.
void WaitForWriter() { ::poll(nullptr, 0, 20); }

int Refuse(std::string_view what, const Error& error) {
  std::cerr << what << ": " << ForTerminal(error.message) << "\n";
  return kUnreadable;
}

int Finish(StandardOutput& out, int code) {
  out.Flush();
  if (out.failure() == 0) return code;
  std::cerr << "standard output: " << std::strerror(out.failure()) << "\n";
  return kUnreadable;
}

Result<SampleSelection> SelectionOf(const std::optional<uint64_t>& segment,
                                    const std::vector<std::string>& matches,
                                    const std::string& from, const std::string& to) {
  SampleSelection selection;
  selection.segment = segment;
  for (const std::string& match : matches) {
    auto matcher = SeriesMatcher::Parse(match);
    if (!matcher) return Error{"--match: " + matcher.error().message};
    selection.matchers.push_back(std::move(*matcher));
  }
  if (!from.empty()) {
    const auto time = ParseTimestamp(from);
    if (!time) return Error{"--from: " + time.error().message};
    selection.from_ms = *time;
  }
  if (!to.empty()) {
    const auto time = ParseTimestamp(to);
    if (!time) return Error{"--to: " + time.error().message};
    selection.to_ms = *time;
  }
  return selection;
}

}  // namespace

LogCommand::LogCommand(CLI::App& app) {
  CLI::App* log = app.add_subcommand("log", "Look into the log on disk, changing nothing");
  log->require_subcommand(1);

  CLI::App* verify = log->add_subcommand(
      "verify", "Check a log and say what is in it; exit code 0: sound, 1: damaged, 2: unreadable");
  verify->add_option("DIR", directory_, "The storage path; a limpet may be running there")
      ->required();
  verify->add_option("--format", verify_format_, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verify_ = verify;

  CLI::App* dump = log->add_subcommand("dump", "Print a log's samples, or its records");
  dump->add_option("DIR", directory_, "The storage path; a limpet may be running there")
      ->required();
  dump->add_option("--format", dump_format_,
                   "text, json (lines) or openmetrics (for promtool tsdb create-blocks-from)")
      ->check(CLI::IsMember({"text", "json", "openmetrics"}))
      ->capture_default_str();
  dump->add_option("--segment", segment_, "Only the segment of that number");
  dump->add_option("--match", matches_,
                   "Only series like NAME{label=\"value\",other=~\"a|b\"}; several: any of them")
      ->allow_extra_args(false);
  dump->add_option("--from", from_, "Only samples from that time on (RFC 3339, or milliseconds)");
  dump->add_option("--to", to_, "Only samples up to that time");
  dump->add_option("--limit", limit_, "At most so many lines");
  dump->add_flag("--records", records_, "The records themselves: place, type, sizes, ids");
  dump_ = dump;
}

bool LogCommand::parsed() const { return verify_->parsed() || dump_->parsed(); }

int LogCommand::Run() const { return verify_->parsed() ? Verify() : Dump(); }

int LogCommand::Verify() const {
  auto report = InspectLog(PosixFileSystem(), directory_, WaitForWriter);
  if (!report) return Refuse("no log can be read there (DIR is a --storage.path)", report.error());
  const int64_t now_ms = SystemClock().WallMs();
  StandardOutput out;
  out.Write(verify_format_ == "json" ? ReportJson(directory_, *report, now_ms)
                                     : ReportText(directory_, *report, now_ms));
  return Finish(out, report->sound() ? kSound : kDamaged);
}

int LogCommand::Dump() const {
  auto selection = SelectionOf(segment_, matches_, from_, to_);
  if (!selection) return Refuse("log dump", selection.error());
  DumpOptions options;
  options.directory = directory_;
  options.selection = std::move(*selection);
  options.records = records_;
  if (limit_) options.limit = *limit_;
  if (dump_format_ == "json") options.format = DumpFormat::kJson;
  if (dump_format_ == "openmetrics") options.format = DumpFormat::kOpenMetrics;
  if (records_ && options.format == DumpFormat::kOpenMetrics) {
    return Refuse("log dump", Error{"--records has the formats text and json"});
  }
  if (records_ && (!matches_.empty() || !from_.empty() || !to_.empty())) {
    return Refuse("log dump", Error{"--match, --from and --to select samples, not --records"});
  }
  StandardOutput out;
  const auto sound = DumpLog(PosixFileSystem(), options, WaitForWriter, out);
  if (!sound) {
    return Refuse("no log can be read there (DIR is a --storage.path)", sound.error());
  }
  return Finish(out, *sound ? kSound : kDamaged);
}

}  // namespace limpet
