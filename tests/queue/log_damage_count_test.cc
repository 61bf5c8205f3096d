// What damage takes is counted once, and what it leaves is kept for whoever has not had it.
#include <doctest/doctest.h>

#include <set>

#include "tests/queue/written_log.h"

namespace limpet {
namespace {

// A log of so many scrapes in one segment, with a flipped bit in one of them.
struct DamagedLog : LogFixture {
  DamagedLog(uint64_t scrapes, uint64_t damaged) {
    Open();
    AppendAll(0, scrapes);
    Advance(Millis(5000));
    CloseLog();
    const std::string path = "/storage/log/0000000000000001.seg";
    FindScrape find(damaged);
    (void)InspectSegment(files, path, {1, false, {}}, find);
    REQUIRE(find.offset.has_value());
    files.FlipBit(path, *find.offset + kRecordHeaderBytes + 2, 0);
    Open();
  }
};

uint64_t SamplesMissing(const std::set<uint64_t>& had, uint64_t end) {
  uint64_t samples = 0;
  for (uint64_t i = 0; i < end; ++i) samples += had.contains(i) ? 0 : MakeScrape(i).values.size();
  return samples;
}

TEST_CASE("damage is counted where what depended on it is right before a key record") {
  // 9 needs 6; 10 is the first of its target with its layout.
  DamagedLog f(11, 6);
  const auto reader = f.log->NewReader("a");
  const auto read = f.ReadAll(*reader);
  CHECK(read == std::vector<uint64_t>{0, 1, 2, 3, 4, 5, 7, 8, 10});
  CHECK(reader->samples_lost().damage == SamplesMissing({read.begin(), read.end()}, 11));
}

TEST_CASE("a receiver whose cursor was damaged keeps its log through a second restart") {
  LogFixture f;
  f.options.segment_bytes = 2000;
  f.Open();
  auto behind = f.log->NewReader("behind");
  auto ahead = f.log->NewReader("ahead");
  f.AppendAll(0, 200);
  CHECK(f.ReadAll(*ahead) == Range(0, 200));
  f.Advance(Millis(5000));
  behind.reset();
  ahead.reset();
  f.CloseLog();
  f.files.SetContent("/storage/cursors/behind.cursor", "garbage garbage garbage garbage");
  f.Open();
  f.Kill();
  f.Open();
  behind = f.log->NewReader("behind");
  CHECK(f.ReadAll(*behind) == Range(0, 200));
}

}  // namespace
}  // namespace limpet
