#include "tests/queue/memory_file_system.h"

#include <algorithm>
#include <cerrno>

namespace limpet {
namespace {

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class MemoryFile : public File {
 public:
  MemoryFile(MemoryFileSystem& files, MemoryFileSystem::NodePtr node, std::string path)
      : files_(files),
        node_(std::move(node)),
        path_(std::move(path)),
        generation_(files.generation_) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    const std::lock_guard lock(files_.mutex_);
    if (Dead()) return ErrnoError("read " + path_, EIO);
    const bool behind = offset + into.size() > files_.read_errno_behind_;
    if (files_.read_errno_ != 0 && behind) return ErrnoError("read " + path_, files_.read_errno_);
    if (offset >= node_->bytes.size()) return size_t{0};
    return node_->bytes.copy(into.data(), into.size(), offset);
  }

  Result<void> Append(std::string_view bytes) override {
    const std::lock_guard lock(files_.mutex_);
    if (Dead()) return ErrnoError("write " + path_, EIO);
    if (files_.write_errno_ != 0) return ErrnoError("write " + path_, files_.write_errno_);
    if (!files_.free_bytes_) {
      node_->bytes.append(bytes);
      return {};
    }
    const uint64_t taken = std::min<uint64_t>(*files_.free_bytes_, bytes.size());
    *files_.free_bytes_ -= taken;
    node_->bytes.append(bytes.substr(0, taken));
    if (taken < bytes.size()) return ErrnoError("write " + path_, ENOSPC);
    return {};
  }

  Result<void> Sync() override {
    const std::lock_guard lock(files_.mutex_);
    ++files_.sync_calls_;
    if (Dead()) return ErrnoError("fdatasync " + path_, EIO);
    const uint64_t size = node_->bytes.size();
    const bool fails = files_.failing_syncs_ > 0;
    if (fails) {
      --files_.failing_syncs_;
      node_->poisoned.emplace_back(node_->durable, size);
    }
    node_->durable = size;
    if (fails) return ErrnoError("fdatasync " + path_, EIO);
    return {};
  }

  Result<uint64_t> Size() override {
    const std::lock_guard lock(files_.mutex_);
    if (Dead()) return ErrnoError("stat " + path_, EIO);
    return static_cast<uint64_t>(node_->bytes.size());
  }

  Result<void> Truncate(uint64_t size) override {
    const std::lock_guard lock(files_.mutex_);
    if (Dead()) return ErrnoError("truncate " + path_, EIO);
    if (files_.write_errno_ != 0) return ErrnoError("truncate " + path_, files_.write_errno_);
    node_->bytes.resize(size);
    node_->durable = std::min(node_->durable, size);
    return {};
  }

 private:
  bool Dead() const { return generation_ != files_.generation_; }
  MemoryFileSystem& files_;
  MemoryFileSystem::NodePtr node_;
  std::string path_;
  uint64_t generation_;
};

class MemoryLock : public FileLock {
 public:
  MemoryLock(MemoryFileSystem& files, std::string path)
      : files_(files), path_(std::move(path)), generation_(files.generation_) {}
  ~MemoryLock() override {
    const std::lock_guard lock(files_.mutex_);
    if (generation_ == files_.generation_) files_.locks_.erase(path_);
  }

 private:
  MemoryFileSystem& files_;
  std::string path_;
  uint64_t generation_;
};

Result<std::unique_ptr<File>> MemoryFileSystem::Open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (mode == OpenMode::kCreateNew) {
    if (write_errno_ != 0) return ErrnoError("open " + path, write_errno_);
    if (free_bytes_ && *free_bytes_ == 0) return ErrnoError("open " + path, ENOSPC);
    if (found != names_.end()) return ErrnoError("open " + path, EEXIST);
    if (!directories_.contains(DirectoryOf(path))) return ErrnoError("open " + path, ENOENT);
    const NodePtr node = std::make_shared<Node>();
    names_[path] = node;
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, node, path));
  }
  if (found == names_.end()) return ErrnoError("open " + path, ENOENT);
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, found->second, path));
}

Result<std::vector<std::string>> MemoryFileSystem::List(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (!directories_.contains(directory)) return ErrnoError("open " + directory, ENOENT);
  std::vector<std::string> names;
  for (const auto& [path, node] : names_) {
    if (DirectoryOf(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return Result<std::vector<std::string>>(boost::system::in_place_value, std::move(names));
}

Result<void> MemoryFileSystem::CreateDirectories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    directories_.insert(path.substr(0, slash));
  }
  directories_.insert(path);
  return {};
}

Result<void> MemoryFileSystem::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return ErrnoError("unlink " + path, ENOENT);
  if (free_bytes_) *free_bytes_ += found->second->bytes.size();
  names_.erase(found);
  return {};
}

Result<void> MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (write_errno_ != 0) return ErrnoError("rename " + from, write_errno_);
  const auto found = names_.find(from);
  if (found == names_.end()) return ErrnoError("rename " + from, ENOENT);
  names_[to] = found->second;
  names_.erase(from);
  return {};
}

Result<void> MemoryFileSystem::SyncDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto inside = [&](const auto& entry) { return DirectoryOf(entry.first) == path; };
  std::erase_if(durable_names_, inside);
  for (const auto& entry : names_) {
    if (inside(entry)) durable_names_.insert(entry);
  }
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!locks_.insert(path).second) return ErrnoError("lock " + path, EWOULDBLOCK);
  return std::unique_ptr<FileLock>(std::make_unique<MemoryLock>(*this, path));
}

void MemoryFileSystem::Kill() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  locks_.clear();
}

void MemoryFileSystem::CutPower(std::mt19937& random) {
  Kill();
  const std::lock_guard lock(mutex_);
  // A name that was not made durable may have become so all the same.
  for (const auto& [path, node] : names_) {
    if (random() % 2 == 0) durable_names_[path] = node;
  }
  names_ = durable_names_;
  std::set<Node*> done;
  for (const auto& [path, node] : names_) {
    if (!done.insert(node.get()).second) continue;
    const uint64_t unsynced = node->bytes.size() - node->durable;
    node->bytes.resize(node->durable + (unsynced == 0 ? 0 : random() % (unsynced + 1)));
    // The length may have got there before the bytes.
    for (uint64_t i = node->durable; i < node->bytes.size(); ++i) {
      if (random() % 4096 == 0) std::fill(node->bytes.begin() + i, node->bytes.end(), '\0');
    }
    for (const auto& [begin, end] : node->poisoned) {
      const uint64_t stop = std::min<uint64_t>(end, node->bytes.size());
      if (begin < stop) std::fill(node->bytes.begin() + begin, node->bytes.begin() + stop, '\0');
    }
    node->poisoned.clear();
    node->durable = node->bytes.size();
  }
}

void MemoryFileSystem::SetFreeBytes(std::optional<uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

void MemoryFileSystem::FailWrites(int errno_value) {
  const std::lock_guard lock(mutex_);
  write_errno_ = errno_value;
}

void MemoryFileSystem::FailReads(int errno_value) {
  const std::lock_guard lock(mutex_);
  read_errno_ = errno_value;
  read_errno_behind_ = 0;
}

void MemoryFileSystem::FailReadsBehind(uint64_t offset, int errno_value) {
  const std::lock_guard lock(mutex_);
  read_errno_ = errno_value;
  read_errno_behind_ = offset;
}

void MemoryFileSystem::FailSyncs(int times) {
  const std::lock_guard lock(mutex_);
  failing_syncs_ = times;
}

bool MemoryFileSystem::Exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return names_.contains(path);
}

std::string MemoryFileSystem::Content(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  return found == names_.end() ? std::string() : found->second->bytes;
}

void MemoryFileSystem::SetContent(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = std::make_shared<Node>();
  node->bytes = std::move(bytes);
  node->durable = node->bytes.size();
  names_[path] = node;
  durable_names_[path] = node;
}

void MemoryFileSystem::FlipBit(const std::string& path, uint64_t offset, int bit) {
  const std::lock_guard lock(mutex_);
  std::string& bytes = names_.at(path)->bytes;
  bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
}

uint64_t MemoryFileSystem::TotalBytes(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  uint64_t total = 0;
  for (const auto& [path, node] : names_) {
    if (DirectoryOf(path) == directory) total += node->bytes.size();
  }
  return total;
}

}  // namespace limpet
