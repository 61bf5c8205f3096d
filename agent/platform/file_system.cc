#include "agent/platform/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace limpet {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> OpenDescriptor(const std::string& path, int flags) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return ErrnoError("open " + path, errno);
  return Descriptor(fd);
}

class PosixFile : public File {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoError("read " + path_, errno);
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Result<void> Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoError("write " + path_, errno);
      // A file never takes nothing of something without an error; do not spin if one does.
      if (n == 0) return ErrnoError("write " + path_, EIO);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }

  Result<void> Sync() override {
    // Not repeated on EINTR either: the kernel may have given up the pages, and the next call would
    // then report success.
    if (::fdatasync(fd_.get()) != 0) return ErrnoError("fdatasync " + path_, errno);
    return {};
  }

  Result<uint64_t> Size() override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return ErrnoError("stat " + path_, errno);
    return static_cast<uint64_t>(status.st_size);
  }

  Result<void> Truncate(uint64_t size) override {
    int rc;
    do {
      rc = ::ftruncate(fd_.get(), static_cast<off_t>(size));
    } while (rc != 0 && errno == EINTR);
    if (rc != 0) return ErrnoError("truncate " + path_, errno);
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

// flock goes with the open file, so closing the descriptor lets it go.
class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

bool IsRegularFile(int directory_fd, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_REG;
  struct stat status {};
  return ::fstatat(directory_fd, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode);
}

class PosixFiles : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_RDONLY;
    if (mode == OpenMode::kCreateNew) flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL;
    if (mode == OpenMode::kReadWrite) flags = O_RDWR | O_APPEND;
    auto fd = OpenDescriptor(path, flags);
    if (!fd) return fd.error();
    return std::make_unique<PosixFile>(std::move(*fd), path);
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
    if (!dir) return ErrnoError("list " + directory, errno);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(dir.get());
      if (entry == nullptr) break;
      if (IsRegularFile(::dirfd(dir.get()), *entry)) names.emplace_back(entry->d_name);
    }
    if (errno != 0) return ErrnoError("list " + directory, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> CreateDirectories(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return ErrnoError("create directory " + path, error.value());
    return {};
  }

  Result<void> Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return ErrnoError("remove " + path, errno);
    return {};
  }

  Result<void> Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      return ErrnoError("rename " + from + " to " + to, errno);
    }
    return {};
  }

  Result<void> SyncDirectory(const std::string& path) override {
    auto fd = OpenDescriptor(path, O_RDONLY | O_DIRECTORY);
    if (!fd) return fd.error();
    if (::fsync(fd->get()) != 0) return ErrnoError("fsync " + path, errno);
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    auto fd = OpenDescriptor(path, O_RDWR | O_CREAT);
    if (!fd) return fd.error();
    int rc;
    do {
      rc = ::flock(fd->get(), LOCK_EX | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno == EWOULDBLOCK) {
      return Error{"lock " + path + ": held by another process", EWOULDBLOCK};
    }
    if (rc != 0) return ErrnoError("lock " + path, errno);
    return std::make_unique<PosixFileLock>(std::move(*fd));
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static PosixFiles files;
  return files;
}

Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  auto fd = OpenDescriptor(path, O_RDONLY);
  if (!fd) return fd.error();
  std::string text;
  char chunk[16 * 1024];
  // By reading, not by size: files under /proc and pipes have none.
  for (;;) {
    const ssize_t n = ::read(fd->get(), chunk, sizeof chunk);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("read " + path, errno);
    if (static_cast<size_t>(n) > bytes_max - text.size()) {
      return Error{"read " + path + ": larger than " + std::to_string(bytes_max) + " bytes", EFBIG};
    }
    text.append(chunk, static_cast<size_t>(n));
  }
}

}  // namespace limpet
