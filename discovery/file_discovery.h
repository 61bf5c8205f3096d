// file_sd_configs: targets from JSON and YAML files, read again as soon as one changes.
//
// Who calls it: Discovery, which shares one among all jobs that ask for the same; the loop's
// thread. Source: Prometheus' file discovery: groups are labelled with __meta_filepath, which is
// the name as the pattern gave it; a file that is gone takes its targets with it; one that cannot
// be read or understood keeps the targets that it had. Which form a file has, its name's end says.
// Operation: each directory is watched (see directory_watch.h); an event, and a look every 10 s,
// reads those files whose inode, size or times have changed; all are read every refresh_interval.
// The first reading is done by the constructor, so that a file discovery is listed at once.
// Limits: 16 MiB a file (4 MiB of YAML), and those of listed_groups.h for each.
#ifndef LIMPET_DISCOVERY_FILE_DISCOVERY_H_
#define LIMPET_DISCOVERY_FILE_DISCOVERY_H_

#include <ctime>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "agent/platform/directory_watch.h"
#include "agent/platform/event_loop.h"
#include "discovery/group_source.h"
#include "discovery/listed_groups.h"
#include "discovery/refresh_status.h"

namespace limpet {

class FileDiscovery final : public GroupSource {
 public:
  // What the files say at first is told to nobody: ForEachGroup tells it.
  FileDiscovery(EventLoop& loop, const Clock& clock, FileSdConfig config, OnChange on_change);
  FileDiscovery(const FileDiscovery&) = delete;
  FileDiscovery& operator=(const FileDiscovery&) = delete;

  bool Is(const FileSdConfig& config) const { return config == config_; }
  RefreshStatus Status() const;

  bool listed() const override { return true; }
  bool Overlaps(const GroupSource& other) const override;
  void ForEachGroup(const std::function<void(TargetGroup)>& function) override;
  bool HasGroup(const std::string& source) const override;
  bool ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) override;

 private:
  // By which another version of a file is known without reading it.
  struct Stamp {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = -1;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct File {
    Stamp stamp;
    TargetGroups groups;  // of its last good version
    std::string error;    // of the present one
  };

  static Stamp StampOf(const std::string& path);
  // The files that are there; nothing, after an error, where that cannot be told.
  bool FindFiles(std::set<std::string>& paths);
  void Look(bool all);
  void Read(const std::string& path, File& file, TargetGroups& changed);
  void Refuse(const std::string& path, File& file, int line, int column,
              const std::string& message);
  void StartRefreshTimer();

  const Clock& clock_;
  const FileSdConfig config_;
  const OnChange on_change_;
  std::map<std::string, File> files_;
  std::string find_error_;
  uint64_t reads_total_ = 0;
  uint64_t failures_total_ = 0;
  int64_t last_success_ms_ = 0;
  std::vector<std::unique_ptr<DirectoryWatch>> watches_;
  Timer refresh_timer_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_FILE_DISCOVERY_H_
