#include "agent/config_watch.h"

#include <set>

#include "agent/config/config_files.h"

namespace limpet {

ConfigWatch::ConfigWatch(EventLoop& loop, const std::string& file, std::function<void()> on_change)
    : loop_(loop),
      on_change_(std::move(on_change)),
      file_(loop, file, on_change_),
      look_timer_(loop) {}

void ConfigWatch::Follow(const LoadedConfig& loaded) {
  version_ = loaded.scrape_config_files_version;
  if (loaded.scrape_config_files == patterns_) return;
  patterns_ = loaded.scrape_config_files;
  directories_.clear();
  std::set<std::string> seen;
  for (const std::string& pattern : patterns_) {
    std::string directory = DirectoryOf(pattern);
    if (!seen.insert(directory).second) continue;
    directories_.push_back(
        std::make_unique<DirectoryWatch>(loop_, std::move(directory), [this] { Look(); }));
  }
  // The files were read before they were watched.
  look_timer_.After(Millis(0), [this] { Look(); });
}

void ConfigWatch::Look() {
  if (VersionOf(ReadConfigFiles(patterns_)) != version_) on_change_();
}

}  // namespace limpet
