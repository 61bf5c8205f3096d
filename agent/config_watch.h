// Tells when the configuration has changed: its file, or one of those that it takes in besides.
//
// Who calls it: the agent, on the loop's thread. Made before the file is read for use; Follow after
// each reading, refused or not. The callback may call Follow.
// Operation: as FileWatch for the file itself. For scrape_config_files the directories of all
// patterns are watched: files that appear or are gone count too, in a ConfigMap as well.
#ifndef LIMPET_AGENT_CONFIG_WATCH_H_
#define LIMPET_AGENT_CONFIG_WATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/load.h"
#include "agent/platform/directory_watch.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/file_watch.h"

namespace limpet {

class ConfigWatch {
 public:
  ConfigWatch(EventLoop& loop, const std::string& file, std::function<void()> on_change);
  ConfigWatch(const ConfigWatch&) = delete;
  ConfigWatch& operator=(const ConfigWatch&) = delete;

  void Follow(const LoadedConfig& loaded);

 private:
  void Look();

  EventLoop& loop_;
  const std::function<void()> on_change_;
  const FileWatch file_;
  std::vector<std::string> patterns_;
  uint64_t version_ = 0;
  std::vector<std::unique_ptr<DirectoryWatch>> directories_;
  Timer look_timer_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_WATCH_H_
