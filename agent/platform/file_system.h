// The files of the log, as an interface that tests replace by one in memory which cuts the power,
// fills the disk and tears writes.
//
// Who calls it: queue/ (the log's disk thread and, before it starts, the opening). No method is
// safe to call from two threads on the same File; a FileSystem may be shared. Errors carry errno in
// Error::code and the path in the message.
#ifndef LIMPET_AGENT_PLATFORM_FILE_SYSTEM_H_
#define LIMPET_AGENT_PLATFORM_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"

namespace limpet {

class File {
 public:
  virtual ~File() = default;
  // Reads at an offset until the span is full or the file ends; returns the bytes read.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> into) = 0;
  // Writes all of it at the end. On an error any prefix may have been written.
  virtual Result<void> Append(std::string_view bytes) = 0;
  // fdatasync. After an error it must not be tried again on the same file.
  virtual Result<void> Sync() = 0;
  virtual Result<uint64_t> Size() = 0;
  virtual Result<void> Truncate(uint64_t size) = 0;
};

// kCreateNew: an error with code EEXIST where the name is taken. kReadWrite: one with ENOENT where
// it is not.
enum class OpenMode { kRead, kCreateNew, kReadWrite };

// Held until it is destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // Names (not paths) of the regular files in a directory, sorted.
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual Result<void> CreateDirectories(const std::string& path) = 0;
  virtual Result<void> Remove(const std::string& path) = 0;
  virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  // Makes created, renamed and removed names durable.
  virtual Result<void> SyncDirectory(const std::string& path) = 0;
  // An exclusive lock that dies with the process; an error with code EWOULDBLOCK where another
  // holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The operating system's own.
FileSystem& PosixFileSystem();

// The whole of a small file (at most `bytes_max`, else an error).
Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_FILE_SYSTEM_H_
