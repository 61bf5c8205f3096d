// A file system in memory that does to the log what disks do: fill up, fail, tear, lose their
// power.
//
// Who calls it: tests; any thread. In the manner of leveldb's fault_injection_test: bytes become
// durable by File::Sync, names by SyncDirectory, and a power cut takes what is neither.
// A failed Sync is like Linux's: what it should have made durable never will be, and the next one
// succeeds all the same.
#ifndef LIMPET_TESTS_QUEUE_MEMORY_FILE_SYSTEM_H_
#define LIMPET_TESTS_QUEUE_MEMORY_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/platform/file_system.h"

namespace limpet {

class MemoryFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Result<void> CreateDirectories(const std::string& path) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<void> SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  // The process is gone: open files answer EIO, locks are free, every byte written is still there.
  void Kill();
  // The machine is gone, too: of what was not synced a part is there, cut anywhere.
  void CutPower(std::mt19937& random);

  // Writes take so many bytes more, then ENOSPC, in the middle of one as well.
  void SetFreeBytes(std::optional<uint64_t> bytes);
  // Every write, create, rename and truncate fails with this; 0: none.
  void FailWrites(int errno_value);
  void FailReads(int errno_value);
  // Those that reach behind the offset; an errno of 0: none.
  void FailReadsBehind(uint64_t offset, int errno_value);
  void FailSyncs(int times);

  bool Exists(const std::string& path);
  std::string Content(const std::string& path);
  void SetContent(const std::string& path, std::string bytes);
  void FlipBit(const std::string& path, uint64_t offset, int bit);
  uint64_t TotalBytes(const std::string& directory);
  uint64_t sync_calls() const { return sync_calls_; }

 private:
  friend class MemoryFile;
  friend class MemoryLock;
  struct Node {
    std::string bytes;
    uint64_t durable = 0;                                 // a prefix
    std::vector<std::pair<uint64_t, uint64_t>> poisoned;  // lost by a failed sync
  };
  using NodePtr = std::shared_ptr<Node>;

  std::mutex mutex_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> durable_names_;
  std::set<std::string> directories_;
  std::set<std::string> locks_;
  uint64_t generation_ = 0;
  std::optional<uint64_t> free_bytes_;
  int write_errno_ = 0;
  int read_errno_ = 0;
  uint64_t read_errno_behind_ = 0;
  int failing_syncs_ = 0;
  uint64_t sync_calls_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_MEMORY_FILE_SYSTEM_H_
