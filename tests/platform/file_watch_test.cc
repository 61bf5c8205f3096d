#include "agent/platform/file_watch.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace limpet {
namespace {

namespace fs = std::filesystem;

constexpr Millis kNoLook = std::chrono::hours(1);

struct Fixture {
  Fixture() {
    std::string name = (fs::temp_directory_path() / "limpet-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    dir = name;
  }
  ~Fixture() { fs::remove_all(dir); }

  static void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

  // Until so many changes have been reported, or for `limit`.
  void RunUntil(int wanted, Millis limit = Millis(20'000)) {
    const SteadyTime end = std::chrono::steady_clock::now() + limit;
    while (changes < wanted && std::chrono::steady_clock::now() < end) loop.RunFor(Millis(20));
  }

  // Long enough for a change that is not to be reported to have been.
  void RunQuiet() { RunUntil(changes + 1, Millis(400)); }

  std::function<void()> Count() {
    return [this] { ++changes; };
  }

  EventLoop loop;
  fs::path dir;
  int changes = 0;
};

TEST_CASE_FIXTURE(Fixture, "a file written in place is reported, once per content") {
  Write(dir / "f", "one");
  FileWatch watch(loop, dir / "f", Count(), kNoLook);
  Write(dir / "f", "two");
  RunUntil(1);
  CHECK(changes == 1);
  Write(dir / "f", "two");
  Write(dir / "other", "noise");
  RunQuiet();
  CHECK(changes == 1);
  Write(dir / "f", "three");
  RunUntil(2);
  CHECK(changes == 2);
}

TEST_CASE_FIXTURE(Fixture, "a rename over the file is reported") {
  Write(dir / "f", "one");
  FileWatch watch(loop, dir / "f", Count(), kNoLook);
  Write(dir / "f.new", "two");
  fs::rename(dir / "f.new", dir / "f");
  RunUntil(1);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "the swap of ..data in a Kubernetes mount is reported") {
  fs::create_directory(dir / "..2026_01");
  Write(dir / "..2026_01/limpet.yml", "one");
  fs::create_symlink("..2026_01", dir / "..data");
  fs::create_symlink("..data/limpet.yml", dir / "limpet.yml");
  FileWatch watch(loop, dir / "limpet.yml", Count(), kNoLook);
  for (int generation = 2; generation <= 4; ++generation) {
    const std::string name = "..2026_0" + std::to_string(generation);
    fs::create_directory(dir / name);
    Write(dir / name / "limpet.yml", "text " + std::to_string(generation));
    fs::create_symlink(name, dir / "..data_tmp");
    fs::rename(dir / "..data_tmp", dir / "..data");
    fs::remove_all(dir / ("..2026_0" + std::to_string(generation - 1)));
    RunUntil(generation - 1);
    REQUIRE(changes == generation - 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a file that is away for a while is nothing new when it comes back") {
  Write(dir / "f", "one");
  FileWatch watch(loop, dir / "f", Count(), kNoLook);
  fs::remove(dir / "f");
  RunQuiet();
  CHECK(changes == 0);
  Write(dir / "f", "one");
  RunQuiet();
  CHECK(changes == 0);
  fs::remove(dir / "f");
  RunQuiet();
  Write(dir / "f", "two");
  RunUntil(1);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "a file that was not there at first is reported when it appears") {
  FileWatch watch(loop, dir / "f", Count(), kNoLook);
  Write(dir / "f", "one");
  RunUntil(1);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "what gives no event is found by looking") {
  fs::create_directory(dir / "elsewhere");
  fs::create_directory(dir / "mount");
  Write(dir / "elsewhere/f", "one");
  fs::create_symlink(dir / "elsewhere/f", dir / "mount/f");
  FileWatch watch(loop, dir / "mount/f", Count(), Millis(50));
  Write(dir / "elsewhere/f", "two");
  RunUntil(1);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "a directory that is replaced is watched again") {
  fs::create_directory(dir / "mount");
  Write(dir / "mount/f", "one");
  FileWatch watch(loop, dir / "mount/f", Count(), Millis(50));
  fs::remove_all(dir / "mount");
  RunQuiet();
  CHECK(changes == 0);
  fs::create_directory(dir / "mount");
  Write(dir / "mount/f", "two");
  RunUntil(1);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "the callback may destroy the watch, and nothing comes after that") {
  Write(dir / "f", "one");
  std::unique_ptr<FileWatch> watch;
  const auto on_change = [&] {
    ++changes;
    watch.reset();
  };
  watch = std::make_unique<FileWatch>(loop, dir / "f", on_change, kNoLook);
  Write(dir / "f", "two");
  RunUntil(1);
  Write(dir / "f", "three");
  RunQuiet();
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "a watch that is destroyed with events under way is silent") {
  Write(dir / "f", "one");
  {
    FileWatch watch(loop, dir / "f", Count(), kNoLook);
    Write(dir / "f", "two");
    loop.RunFor(Millis(1));
  }
  RunQuiet();
  CHECK(changes == 0);
}

}  // namespace
}  // namespace limpet
