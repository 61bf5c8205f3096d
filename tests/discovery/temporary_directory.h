// A directory that is gone with all in it when the test ends.
#ifndef LIMPET_TESTS_DISCOVERY_TEMPORARY_DIRECTORY_H_
#define LIMPET_TESTS_DISCOVERY_TEMPORARY_DIRECTORY_H_

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace limpet {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "limpet-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Replaces the file by a new one (another inode), as the kubelet does.
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(File(name + ".new")) << text;
    std::filesystem::rename(File(name + ".new"), File(name));
  }

 private:
  std::string path_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_TEMPORARY_DIRECTORY_H_
