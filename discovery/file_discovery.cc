#include "discovery/file_discovery.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/config/target_list.h"
#include "agent/platform/file_system.h"
#include "agent/platform/logging.h"
#include "agent/platform/path_pattern.h"
#include "discovery/json_target_list.h"

namespace limpet {
namespace {

constexpr size_t kTargetFileBytesMax = 16u << 20;
constexpr size_t kErrorsShownMax = 10;
constexpr std::string_view kSourcePrefix = "file/";

bool IsJson(const std::string& path) { return path.ends_with(".json") || path.ends_with(".JSON"); }

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileDiscovery::FileDiscovery(EventLoop& loop, const Clock& clock, FileSdConfig config,
                             OnChange on_change)
    : clock_(clock),
      config_(std::move(config)),
      on_change_(std::move(on_change)),
      refresh_timer_(loop) {
  // Before the files are read, so that no change falls between.
  std::set<std::string> directories;
  for (const std::string& pattern : config_.files) directories.insert(DirectoryOf(pattern));
  for (const std::string& directory : directories) {
    watches_.push_back(
        std::make_unique<DirectoryWatch>(loop, directory, [this] { Look(/*all=*/false); }));
  }
  Look(/*all=*/true);
  StartRefreshTimer();
}

void FileDiscovery::StartRefreshTimer() {
  refresh_timer_.After(config_.refresh_interval, [this] {
    StartRefreshTimer();
    Look(/*all=*/true);
  });
}

FileDiscovery::Stamp FileDiscovery::StampOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, Nanoseconds(status.st_mtim),
          Nanoseconds(status.st_ctim)};
}

bool FileDiscovery::FindFiles(std::set<std::string>& paths) {
  std::string error;
  for (const std::string& pattern : config_.files) {
    auto found = MatchingFiles(pattern);
    if (found) {
      paths.insert(found->begin(), found->end());
    } else {
      error = found.error().message;
    }
  }
  if (error != find_error_ && !error.empty()) {
    LogWarn("files of targets cannot be listed, those known stay", {{"error", error}});
  }
  if (!error.empty()) ++failures_total_;
  find_error_ = std::move(error);
  return find_error_.empty();
}

void FileDiscovery::Look(bool all) {
  std::set<std::string> paths;
  const bool complete = FindFiles(paths);
  TargetGroups changed;
  for (const std::string& path : paths) {
    File& file = files_[path];
    // From before the reading: a change in between is seen next time.
    const Stamp stamp = StampOf(path);
    if (!all && stamp == file.stamp) continue;
    file.stamp = stamp;
    Read(path, file, changed);
  }
  for (auto it = files_.begin(); it != files_.end();) {
    if (!complete || paths.contains(it->first)) {
      ++it;
      continue;
    }
    for (TargetGroup& group : ChangedGroups(it->second.groups, {})) {
      changed.push_back(std::move(group));
    }
    it = files_.erase(it);
  }
  if (!changed.empty()) on_change_(*this, changed);
}

void FileDiscovery::Read(const std::string& path, File& file, TargetGroups& changed) {
  ++reads_total_;
  const auto text = ReadWholeFile(path, kTargetFileBytesMax);
  if (!text) return Refuse(path, file, 0, 0, text.error().message);
  const TargetList list =
      IsJson(path) ? ReadJsonTargetList(*text, path) : ReadYamlTargetList(*text, path);
  if (!list.errors.empty()) {
    const ConfigError& error = list.errors.front();
    return Refuse(path, file, error.line, error.column, error.message);
  }
  auto groups =
      MakeListedGroups(list.groups, std::string(kSourcePrefix) + path, {"__meta_filepath", path});
  if (!groups) return Refuse(path, file, 1, 1, groups.error().message);
  if (!file.error.empty()) LogInfo("file of targets is good again", {{"file", path}});
  file.error.clear();
  last_success_ms_ = clock_.WallMs();
  for (TargetGroup& group : ChangedGroups(file.groups, *groups)) {
    changed.push_back(std::move(group));
  }
  file.groups = std::move(*groups);
}

void FileDiscovery::Refuse(const std::string& path, File& file, int line, int column,
                           const std::string& message) {
  ++failures_total_;
  const std::string error =
      line == 0 ? message : ConfigError{path, line, column, message}.ToString();
  if (error != file.error) {
    LogWarn("file of targets cannot be used, what it said before holds",
            {{"file", path}, {"line", line}, {"column", column}, {"error", message}});
  }
  file.error = error;
}

bool FileDiscovery::Overlaps(const GroupSource& other) const {
  return dynamic_cast<const FileDiscovery*>(&other) != nullptr;
}

void FileDiscovery::ForEachGroup(const std::function<void(TargetGroup)>& function) {
  for (const auto& [path, file] : files_) {
    for (const TargetGroup& group : file.groups) {
      if (!group.targets.empty()) function(group);
    }
  }
}

bool FileDiscovery::HasGroup(const std::string& source) const {
  const size_t colon = source.rfind(':');
  if (!source.starts_with(kSourcePrefix) || colon == source.npos) return false;
  const auto file = files_.find(source.substr(kSourcePrefix.size(), colon - kSourcePrefix.size()));
  return file != files_.end() && HasListedGroup(file->second.groups, source);
}

bool FileDiscovery::ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) {
  return std::all_of(files_.begin(), files_.end(), [&](const auto& file) {
    return limpet::ForEachWanted(file.second.groups, want, take);
  });
}

RefreshStatus FileDiscovery::Status() const {
  RefreshStatus status;
  status.kind = RefreshKind::kFile;
  for (const std::string& pattern : config_.files) {
    status.origin.append(status.origin.empty() ? "" : ",").append(pattern);
  }
  status.listed = true;
  status.last_error = find_error_;
  for (const auto& [path, file] : files_) {
    status.targets += CountTargets(file.groups);
    if (file.error.empty()) continue;
    if (++status.files_broken > kErrorsShownMax) continue;
    status.last_error.append(status.last_error.empty() ? "" : "\n").append(file.error);
  }
  status.files = files_.size();
  status.reads_total = reads_total_;
  status.failures_total = failures_total_;
  status.last_success_ms = last_success_ms_;
  return status;
}

}  // namespace limpet
