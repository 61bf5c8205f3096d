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
    int error = 0;
    const uint64_t taken = files_.Admit(bytes.size(), error);
    node_->bytes.append(bytes.substr(0, taken));
    if (error != 0) return ErrnoError("write " + path_, error);
    return {};
  }

  Result<void> Sync() override {
    const std::lock_guard lock(files_.mutex_);
    ++files_.sync_calls_;
    if (Dead()) return ErrnoError("fdatasync " + path_, EIO);
    const uint64_t size = node_->bytes.size();
    const uint64_t same = node_->same;
    const bool fails = files_.failing_syncs_ > 0;
    if (fails) {
      --files_.failing_syncs_;
      node_->poisoned.emplace_back(same, size);
    }
    node_->durable.replace(same, std::string::npos, node_->bytes, same);
    node_->same = size;
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
    node_->same = std::min(node_->same, size);
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
  CutNames(random);
  std::set<Node*> done;
  for (const auto& [path, node] : names_) {
    if (done.insert(node.get()).second) CutBytes(*node, random);
  }
}

void MemoryFileSystem::CutNames(std::mt19937& random) {
  // A name that was not made durable may have become so all the same, and so may its end.
  std::set<Node*> named;
  for (const auto& [path, node] : names_) {
    named.insert(node.get());
    if (random() % 2 == 0) durable_names_[path] = node;
  }
  std::erase_if(durable_names_, [&](const auto& entry) {
    // One that was renamed has the old name until it has the new one.
    const bool removed = !names_.contains(entry.first) && !named.contains(entry.second.get());
    return removed && random() % 2 == 0;
  });
  names_ = durable_names_;
}

void MemoryFileSystem::CutBytes(Node& node, std::mt19937& random) {
  const uint64_t unsynced = node.bytes.size() - node.same;
  std::string left = node.bytes;
  const auto fill = [&](uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < std::min<uint64_t>(end, left.size()); ++i) {
      left[i] = i < node.durable.size() ? node.durable[i] : '\0';
    }
  };
  if (random() % 2 == 0) {
    left.resize(node.same + random() % (unsynced + 1));
    // The length may have got there before the bytes.
    if (random() % 4 == 0) fill(node.same + random() % (unsynced + 1), left.size());
  } else {
    const uint64_t block = random() % 2 == 0 ? 512 : 4096;
    // What a truncate took may come back.
    left.resize(random() % 2 == 0 ? std::max(left.size(), node.durable.size()) : left.size());
    for (uint64_t at = node.same; at < left.size(); at = (at / block + 1) * block) {
      if (random() % 2 == 0) fill(at, (at / block + 1) * block);
    }
  }
  for (const auto& [begin, end] : node.poisoned) {
    const uint64_t stop = std::min<uint64_t>(end, left.size());
    if (begin < stop) std::fill(left.begin() + begin, left.begin() + stop, '\0');
  }
  node.poisoned.clear();
  node.bytes = std::move(left);
  node.durable = node.bytes;
  node.same = node.bytes.size();
}

uint64_t MemoryFileSystem::Admit(uint64_t bytes, int& errno_value) {
  errno_value = write_errno_;
  if (write_errno_ != 0) return 0;
  uint64_t taken = bytes;
  if (write_errno_after_ && *write_errno_after_ < taken) {
    taken = *write_errno_after_;
    errno_value = write_errno_ = write_errno_then_;
  }
  if (free_bytes_ && *free_bytes_ < taken) {
    taken = *free_bytes_;
    errno_value = ENOSPC;
  }
  if (write_errno_after_) *write_errno_after_ -= std::min(taken, *write_errno_after_);
  if (free_bytes_) *free_bytes_ -= taken;
  return taken;
}

void MemoryFileSystem::SetFreeBytes(std::optional<uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

void MemoryFileSystem::FailWrites(int errno_value) {
  const std::lock_guard lock(mutex_);
  write_errno_ = errno_value;
  write_errno_after_.reset();
}

void MemoryFileSystem::FailWritesAfter(uint64_t bytes, int errno_value) {
  const std::lock_guard lock(mutex_);
  write_errno_ = 0;
  write_errno_after_ = bytes;
  write_errno_then_ = errno_value;
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
  node->durable = node->bytes;
  node->same = node->bytes.size();
  names_[path] = node;
  durable_names_[path] = node;
}

void MemoryFileSystem::FlipBit(const std::string& path, uint64_t offset, int bit) {
  const std::lock_guard lock(mutex_);
  Node& node = *names_.at(path);
  for (std::string* bytes : {&node.bytes, &node.durable}) {
    if (offset < bytes->size()) (*bytes)[offset] = static_cast<char>((*bytes)[offset] ^ (1 << bit));
  }
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
