// Which files a pattern finds.
#include "agent/platform/path_pattern.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace limpet {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

struct PatternFixture {
  PatternFixture() {
    std::string name = (fs::temp_directory_path() / "limpet-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    dir = name;
  }
  ~PatternFixture() { fs::remove_all(dir); }

  void Make(const std::string& name) const { std::ofstream(dir / name) << "x"; }
  // Names of what is found, which are all in the directory.
  Names Found(const std::string& pattern) const {
    Names names;
    for (const std::string& path : MatchingFiles((dir / pattern).string()).value()) {
      CHECK(fs::path(path).parent_path() == dir);
      names.push_back(fs::path(path).filename());
    }
    return names;
  }

  fs::path dir;
};

TEST_CASE("what a pattern may be") {
  for (const char* good : {"a.yml", "*.yml", "/etc/x/*", "a/[ab]?.json", "../*.yml", "a*b*c"}) {
    CAPTURE(good);
    CHECK(IsPathPattern(good));
  }
  for (const char* bad : {"", "a/", "*/a.yml", "/x*/b/*.yml", "a\nb", "/"}) {
    CAPTURE(bad);
    CHECK_FALSE(IsPathPattern(bad));
  }
}

TEST_CASE_FIXTURE(PatternFixture, "files in order, links too, no directories and no pipes") {
  for (const char* name : {"b.json", "a.json", ".hidden.json", "c.yml", "a.json.bak"}) Make(name);
  fs::create_directory(dir / "d.json");
  fs::create_directory(dir / "..data");
  Make("..data/target");
  fs::create_symlink("..data/target", dir / "link.json");
  fs::create_symlink("nowhere", dir / "dangling.json");
  REQUIRE(::mkfifo((dir / "pipe.json").c_str(), 0600) == 0);
  CHECK(Found("*.json") == Names{".hidden.json", "a.json", "b.json", "link.json"});
  CHECK(Found("[ab].json") == Names{"a.json", "b.json"});
  CHECK(Found("?.yml") == Names{"c.yml"});
  CHECK(Found("a.json") == Names{"a.json"});
  CHECK(Found("none.json") == Names{});
  CHECK(Found("d.json") == Names{});
}

TEST_CASE_FIXTURE(PatternFixture, "a directory that is not there holds nothing") {
  CHECK(MatchingFiles((dir / "away" / "*.json").string()).value().empty());
  Make("file");
  CHECK(MatchingFiles((dir / "file" / "*.json").string()).value().empty());
}

TEST_CASE_FIXTURE(PatternFixture, "names without a directory are those of the working directory") {
  const fs::path before = fs::current_path();
  Make("here.yml");
  fs::current_path(dir);
  const Names found = MatchingFiles("h*.yml").value();
  fs::current_path(before);
  CHECK(found == Names{"here.yml"});
}

}  // namespace
}  // namespace limpet
