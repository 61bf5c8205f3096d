#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "agent/platform/file_system.h"
#include "agent/web/collectors.h"

namespace limpet {
namespace {

constexpr size_t kProcFileBytesMax = 1 << 20;

std::optional<double> Number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return static_cast<double>(value);
}

// The fields behind the name in parentheses, which may itself hold spaces and parentheses; the
// first of them is number 3 of proc(5).
std::vector<std::string_view> StatFields(std::string_view stat) {
  std::vector<std::string_view> fields;
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return fields;
  stat.remove_prefix(name_end + 1);
  while (!stat.empty()) {
    const size_t begin = stat.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    stat.remove_prefix(begin);
    const size_t end = std::min(stat.find_first_of(" \n"), stat.size());
    fields.push_back(stat.substr(0, end));
    stat.remove_prefix(end);
  }
  return fields;
}

// When the machine was started, in seconds since the epoch.
std::optional<double> BootTime() {
  const auto stat = ReadWholeFile("/proc/stat", kProcFileBytesMax);
  if (!stat) return std::nullopt;
  constexpr std::string_view kKey = "\nbtime ";
  const size_t at = stat->find(kKey);
  if (at == std::string::npos) return std::nullopt;
  return Number(std::string_view(*stat).substr(at + kKey.size()));
}

void CollectStat(MetricFamilies& families) {
  const auto stat = ReadWholeFile("/proc/self/stat", kProcFileBytesMax);
  if (!stat) return;
  const auto fields = StatFields(*stat);
  const auto field = [&](size_t number) -> std::optional<double> {
    if (number - 3 >= fields.size()) return std::nullopt;
    return Number(fields[number - 3]);
  };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto user = field(14);
  const auto system = field(15);
  if (user && system) {
    families.Counter("process_cpu_seconds_total",
                     "Total user and system CPU time spent in seconds.", (*user + *system) / ticks);
  }
  const auto start = field(22);
  const auto boot = BootTime();
  if (start && boot) {
    families.Gauge("process_start_time_seconds",
                   "Start time of the process since unix epoch in seconds.",
                   *boot + *start / ticks);
  }
  if (const auto size = field(23)) {
    families.Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", *size);
  }
  if (const auto pages = field(24)) {
    families.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                   *pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  }
  if (const auto threads = field(20)) {
    families.Gauge("process_threads", "Number of OS threads in the process.", *threads);
  }
}

}  // namespace

void CollectProcess(const WebSources&, MetricFamilies& families) {
  CollectStat(families);
  std::error_code error;
  uint64_t open_files = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++open_files;
  }
  // One of them is the directory itself.
  if (!error && open_files > 0) {
    families.Gauge("process_open_fds", "Number of open file descriptors.", open_files - 1);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.Gauge("process_max_fds", "Maximum number of open file descriptors.",
                   static_cast<uint64_t>(limit.rlim_cur));
  }
}

}  // namespace limpet
