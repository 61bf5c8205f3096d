#include <doctest/doctest.h>

#include <random>

#include "queue/cursor_file.h"
#include "tests/queue/memory_file_system.h"

using namespace limpet;

TEST_CASE("names become file names that no other name has") {
  CHECK(CursorFileName("vm-1_a") == "vm-1_a.cursor");
  CHECK(CursorFileName("../x") == "%2E%2E%2Fx.cursor");
  CHECK(CursorFileName("a.b") != CursorFileName("a%2Eb"));
  CHECK(CursorFileName("") == "%.cursor");
  const std::string long_a = CursorFileName(std::string(500, 'a') + "1");
  const std::string long_b = CursorFileName(std::string(500, 'a') + "2");
  CHECK(long_a != long_b);
  CHECK(long_a.size() < 200);
}

TEST_CASE("the last save counts, through compaction and a new process") {
  MemoryFileSystem files;
  files.CreateDirectories("/c");
  for (int process = 0; process < 3; ++process) {
    CursorFile cursor(files, "/c", "r.cursor");
    for (uint64_t i = 1; i <= 2000; ++i) {
      const LogPosition position{1 + static_cast<uint64_t>(process), i};
      REQUIRE(cursor.Save(position).has_value());
      if (i % 100 == 0) CHECK(ReadCursor(files, "/c/r.cursor").value() == position);
    }
    CHECK(files.Content("/c/r.cursor").size() <= CursorFile::kCompactBytes);
    CHECK_FALSE(files.Exists("/c/r.cursor.new"));
  }
}

TEST_CASE("a torn or damaged end falls back to the entry before") {
  MemoryFileSystem files;
  files.CreateDirectories("/c");
  CursorFile cursor(files, "/c", "r.cursor");
  REQUIRE(cursor.Save({1, 100}).has_value());
  REQUIRE(cursor.Save({1, 200}).has_value());
  const std::string bytes = files.Content("/c/r.cursor");
  REQUIRE(cursor.Save({1, 300}).has_value());
  const std::string more = files.Content("/c/r.cursor");
  for (size_t cut = bytes.size(); cut < more.size(); ++cut) {
    CHECK(ParseCursor(more.substr(0, cut)) == LogPosition{1, 200});
  }
  for (size_t bit = bytes.size() * 8; bit < more.size() * 8; ++bit) {
    std::string damaged = more;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(ParseCursor(damaged) == LogPosition{1, 200});
  }
  CHECK_FALSE(ParseCursor("").has_value());
  CHECK_FALSE(ParseCursor("something else entirely").has_value());
}

TEST_CASE("a save that failed half way does not spoil the next") {
  MemoryFileSystem files;
  files.CreateDirectories("/c");
  CursorFile cursor(files, "/c", "r.cursor");
  REQUIRE(cursor.Save({1, 100}).has_value());
  files.SetFreeBytes(7);
  CHECK_FALSE(cursor.Save({1, 200}).has_value());
  CHECK(ReadCursor(files, "/c/r.cursor").value() == LogPosition{1, 100});
  CHECK_FALSE(cursor.Save({1, 300}).has_value());
  CHECK(ReadCursor(files, "/c/r.cursor").value() == LogPosition{1, 100});
  files.SetFreeBytes(std::nullopt);
  CHECK(cursor.Save({1, 400}).has_value());
  CHECK(ReadCursor(files, "/c/r.cursor").value() == LogPosition{1, 400});
}

TEST_CASE("whatever a power cut leaves, a synced cursor is not gone back behind") {
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    MemoryFileSystem files;
    files.CreateDirectories("/c");
    CursorFile cursor(files, "/c", "r.cursor");
    uint64_t synced = 0;
    uint64_t saved = 0;
    const int steps = 1 + static_cast<int>(random() % 1500);
    for (int i = 0; i < steps; ++i) {
      REQUIRE(cursor.Save({1, ++saved}).has_value());
      if (random() % 10 != 0) continue;
      REQUIRE(cursor.Sync().has_value());
      synced = saved;
    }
    files.CutPower(random);
    const auto position = ReadCursor(files, "/c/r.cursor").value();
    REQUIRE(position.has_value());
    CHECK(position->offset >= synced);
    CHECK(position->offset <= saved);
  }
}
