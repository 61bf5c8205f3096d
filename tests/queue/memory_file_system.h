// A file system in memory that does to the log what disks do: fill up, fail, tear, lose their
// power.
//
// Who calls it: tests; any thread. In the manner of leveldb's fault_injection_test: bytes become
// durable by File::Sync, names by SyncDirectory, and a power cut takes what is neither, or any part
// of it: disks write sectors and pages in the order they like.
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
  // The machine is gone, too: of what was not synced a part is there, cut anywhere, or any of its
  // 512-byte sectors or 4 KiB pages. What is not there reads as before, or as zeros.
  void CutPower(std::mt19937& random);

  // Writes take so many bytes more, then ENOSPC, in the middle of one as well.
  void SetFreeBytes(std::optional<uint64_t> bytes);
  // Every write, create, rename and truncate fails with this; 0: none.
  void FailWrites(int errno_value);
  // The same after so many bytes more: a write that reaches that far is torn, and stays so.
  void FailWritesAfter(uint64_t bytes, int errno_value);
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
    std::string durable;                                  // as it was when it was synced last
    uint64_t same = 0;                                    // the prefix they share
    std::vector<std::pair<uint64_t, uint64_t>> poisoned;  // lost by a failed sync
  };
  using NodePtr = std::shared_ptr<Node>;
  void CutNames(std::mt19937& random);
  static void CutBytes(Node& node, std::mt19937& random);
  // How much of an append is taken, and what the rest of it fails with.
  uint64_t Admit(uint64_t bytes, int& errno_value);

  std::mutex mutex_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> durable_names_;
  std::set<std::string> directories_;
  std::set<std::string> locks_;
  uint64_t generation_ = 0;
  std::optional<uint64_t> free_bytes_;
  int write_errno_ = 0;
  std::optional<uint64_t> write_errno_after_;
  int write_errno_then_ = 0;
  int read_errno_ = 0;
  uint64_t read_errno_behind_ = 0;
  int failing_syncs_ = 0;
  uint64_t sync_calls_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_MEMORY_FILE_SYSTEM_H_
