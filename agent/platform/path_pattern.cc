#include "agent/platform/path_pattern.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "agent/platform/directory_watch.h"

namespace limpet {
namespace {

constexpr size_t kFilesMax = 10'000;

bool IsFile(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

bool IsPathPattern(std::string_view pattern) {
  const bool control = std::any_of(pattern.begin(), pattern.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  const size_t slash = pattern.rfind('/');
  const std::string_view directory = slash == pattern.npos ? "" : pattern.substr(0, slash);
  const size_t name = slash == pattern.npos ? 0 : slash + 1;
  return !control && name < pattern.size() && directory.find('*') == directory.npos;
}

Result<std::vector<std::string>> MatchingFiles(const std::string& pattern) {
  const size_t name_at = pattern.rfind('/') + 1;  // 0 where there is none
  const std::string name_pattern = pattern.substr(name_at);
  std::vector<std::string> files;
  if (name_pattern.find_first_of("*?[\\") == std::string::npos) {
    if (IsFile(pattern)) files.push_back(pattern);
    return files;
  }
  const std::string directory = DirectoryOf(pattern);
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  if (!dir && (errno == ENOENT || errno == ENOTDIR)) return files;
  if (!dir) return ErrnoError("list " + directory, errno);
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    if (::fnmatch(name_pattern.c_str(), entry->d_name, 0) != 0) continue;
    std::string path = pattern.substr(0, name_at) + entry->d_name;
    if (!IsFile(path)) continue;
    if (files.size() >= kFilesMax) {
      return Error{pattern + " matches more than " + std::to_string(kFilesMax) + " files"};
    }
    files.push_back(std::move(path));
  }
  if (errno != 0) return ErrnoError("list " + directory, errno);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace limpet
