#include "agent/platform/file_system.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace limpet {
namespace {

class FilesDirectory {
 public:
  FilesDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "limpet-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~FilesDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ReadAll(File& file) {
  std::string text(file.Size().value(), '\0');
  REQUIRE(file.ReadAt(0, text).value() == text.size());
  return text;
}

TEST_CASE("a new file is written at its end and read at any offset") {
  FilesDirectory dir;
  FileSystem& files = PosixFileSystem();
  auto file = files.Open(dir / "a", OpenMode::kCreateNew).value();
  REQUIRE(file->Append("hello ").has_value());
  REQUIRE(file->Append("world").has_value());
  REQUIRE(file->Sync().has_value());
  CHECK(file->Size().value() == 11);
  char part[5];
  CHECK(file->ReadAt(6, part).value() == 5);
  CHECK(std::string_view(part, 5) == "world");
  CHECK(file->ReadAt(9, part).value() == 2);
  CHECK(file->ReadAt(100, part).value() == 0);
}

TEST_CASE("what is appended after a truncation begins where the file now ends") {
  FilesDirectory dir;
  FileSystem& files = PosixFileSystem();
  {
    REQUIRE(files.Open(dir / "a", OpenMode::kCreateNew).value()->Append("0123456789").has_value());
  }
  auto file = files.Open(dir / "a", OpenMode::kReadWrite).value();
  REQUIRE(file->Truncate(4).has_value());
  REQUIRE(file->Append("xy").has_value());
  CHECK(ReadAll(*file) == "0123xy");
}

TEST_CASE("a large append arrives whole") {
  FilesDirectory dir;
  std::string bytes(3 << 20, 'x');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  auto file = PosixFileSystem().Open(dir / "a", OpenMode::kCreateNew).value();
  REQUIRE(file->Append(bytes).has_value());
  CHECK(ReadAll(*file) == bytes);
}

TEST_CASE("errors carry errno and the path") {
  FilesDirectory dir;
  FileSystem& files = PosixFileSystem();
  auto missing = files.Open(dir / "none", OpenMode::kRead);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ENOENT);
  CHECK(missing.error().message.find(dir / "none") != std::string::npos);
  CHECK(files.Open(dir / "none", OpenMode::kReadWrite).error().code == ENOENT);
  REQUIRE(files.Open(dir / "a", OpenMode::kCreateNew).has_value());
  CHECK(files.Open(dir / "a", OpenMode::kCreateNew).error().code == EEXIST);
  auto read_only = files.Open(dir / "a", OpenMode::kRead).value();
  CHECK(read_only->Append("x").error().code == EBADF);
  CHECK(files.Remove(dir / "none").error().code == ENOENT);
  CHECK(files.Rename(dir / "none", dir / "b").error().code == ENOENT);
  CHECK(files.List(dir / "none").error().code == ENOENT);
  CHECK(files.CreateDirectories(dir / "a/b").error().code == ENOTDIR);
  CHECK(files.SyncDirectory(dir / "none").error().code == ENOENT);
}

TEST_CASE("a full device is an error with ENOSPC") {
  if (::access("/dev/full", W_OK) != 0) return;
  auto file = PosixFileSystem().Open("/dev/full", OpenMode::kReadWrite);
  REQUIRE(file.has_value());
  CHECK((*file)->Append("x").error().code == ENOSPC);
}

TEST_CASE("only regular files are listed, sorted") {
  FilesDirectory dir;
  FileSystem& files = PosixFileSystem();
  for (const char* name : {"b", "a", "00000002.seg", "00000010.seg"}) {
    REQUIRE(files.Open(dir / name, OpenMode::kCreateNew).has_value());
  }
  REQUIRE(files.CreateDirectories(dir / "sub/deeper").has_value());
  REQUIRE(files.CreateDirectories(dir / "sub/deeper").has_value());
  REQUIRE(::symlink("a", (dir / "link").c_str()) == 0);
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(files.List(dir.path()).value() ==
        std::vector<std::string>{"00000002.seg", "00000010.seg", "a", "b"});
}

TEST_CASE("rename replaces and remove removes") {
  FilesDirectory dir;
  FileSystem& files = PosixFileSystem();
  REQUIRE(files.Open(dir / "a", OpenMode::kCreateNew).value()->Append("new").has_value());
  REQUIRE(files.Open(dir / "b", OpenMode::kCreateNew).value()->Append("old").has_value());
  REQUIRE(files.Rename(dir / "a", dir / "b").has_value());
  REQUIRE(files.SyncDirectory(dir.path()).has_value());
  CHECK(ReadWholeFile(dir / "b", 100).value() == "new");
  REQUIRE(files.Remove(dir / "b").has_value());
  CHECK(files.List(dir.path()).value().empty());
}

TEST_CASE("a lock is held by one, until it is destroyed") {
  FilesDirectory dir;
  FileSystem& files = PosixFileSystem();
  auto lock = files.Lock(dir / "lock");
  REQUIRE(lock.has_value());
  auto second = files.Lock(dir / "lock");
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == EWOULDBLOCK);
  lock->reset();
  CHECK(files.Lock(dir / "lock").has_value());
}

TEST_CASE("a whole file is read up to its bound") {
  FilesDirectory dir;
  const std::string text(40'000, 'y');
  REQUIRE(
      PosixFileSystem().Open(dir / "a", OpenMode::kCreateNew).value()->Append(text).has_value());
  CHECK(ReadWholeFile(dir / "a", 40'000).value() == text);
  CHECK(ReadWholeFile(dir / "a", 39'999).error().code == EFBIG);
  CHECK(ReadWholeFile(dir / "none", 10).error().code == ENOENT);
  CHECK(ReadWholeFile(dir.path(), 10).error().code == EISDIR);
  // Has no size, only content.
  CHECK(ReadWholeFile("/proc/self/stat", 1 << 16).value().size() > 10);
}

}  // namespace
}  // namespace limpet
