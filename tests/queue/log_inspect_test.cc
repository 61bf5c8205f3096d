#include "queue/log_inspect.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <random>

#include "queue/distinct_counter.h"
#include "tests/queue/written_log.h"

namespace limpet {
namespace {

const InspectedCursor& CursorOf(const LogReport& report, const std::string& receiver) {
  for (const InspectedCursor& cursor : report.cursors) {
    if (cursor.receiver == receiver) return cursor;
  }
  FAIL("no cursor of " << receiver);
  return report.cursors.front();
}

TEST_CASE("a sound log: what is in it, and where its cursors stand") {
  WrittenLog log;
  const LogReport report = log.Inspect();
  CHECK(report.sound());
  CHECK(report.damage.empty());
  CHECK(report.moved_aside.empty());
  REQUIRE(report.segments.size() == log.segments.size());
  CHECK(report.total.scrapes == kScrapes);
  CHECK(report.total.samples == SamplesOf(0, kScrapes));
  CHECK(report.total.lost_samples == 0);
  CHECK(report.total.targets == 3);
  CHECK(report.total.layouts == 2);
  CHECK(report.total.series == 3 * 2 * 20);
  CHECK_FALSE(report.total.estimated);
  CHECK(report.total.oldest_ms == MakeScrape(0).timestamp_ms);
  CHECK(report.total.newest_ms == MakeScrape(kScrapes - 1).timestamp_ms);
  CHECK(report.total.bytes == log.files.TotalBytes("/storage/log"));
  uint64_t samples = 0;
  for (const InspectedSegment& segment : report.segments) {
    samples += segment.contents.samples;
    CHECK(segment.contents.records > segment.contents.scrapes);
    CHECK(segment.contents.bytes == log.files.Content(segment.path).size());
    CHECK(segment.created_ms > 0);
  }
  CHECK(samples == report.total.samples);

  const InspectedCursor& ahead = CursorOf(report, "ahead");
  CHECK(ahead.samples_before == SamplesOf(0, 100));
  CHECK(ahead.samples_behind == SamplesOf(100, kScrapes));
  CHECK(ahead.oldest_unsent_ms == MakeScrape(100).timestamp_ms);
  CHECK(ahead.bytes_before > 0);
  CHECK(ahead.bytes_before + ahead.bytes_behind == report.total.bytes);
  CHECK(ahead.bytes_beyond_end == 0);
  const InspectedCursor& behind = CursorOf(report, "https://behind.example/write");
  CHECK(behind.samples_behind == report.total.samples);
  CHECK(behind.samples_before == 0);
}

TEST_CASE("an inspection changes nothing and needs no lock") {
  WrittenLog log;
  const std::string damaged = log.segments[1];
  log.files.FlipBit(damaged, 500, 3);
  log.files.SetContent(log.segments.back(), log.files.Content(log.segments.back()) + "torn");
  std::vector<std::string> before;
  for (const std::string& path : log.segments) before.push_back(log.files.Content(path));
  const auto lock = log.files.Lock("/storage/lock");
  REQUIRE(lock.has_value());
  log.files.FailWrites(EROFS);
  CHECK_FALSE(log.Inspect().sound());
  std::vector<std::string> after;
  for (const std::string& path : log.segments) after.push_back(log.files.Content(path));
  CHECK(after == before);
  CHECK(log.files.List("/storage/log").value().size() == log.segments.size());
}

TEST_CASE("cursors: at no place, behind the end, inside a record, unreadable") {
  WrittenLog log;
  const std::string path = "/storage/cursors/ahead.cursor";
  const uint64_t last_bytes = log.files.Content(log.segments.back()).size();
  const uint64_t last = *SegmentNumberOf(log.segments.back().substr(13));
  log.SaveCursor({last, last_bytes + 1000});
  LogReport report = log.Inspect();
  CHECK(report.sound());
  CHECK(CursorOf(report, "ahead").bytes_beyond_end == 1000);
  CHECK(CursorOf(report, "ahead").samples_behind == 0);
  CHECK(CursorOf(report, "ahead").oldest_unsent_ms == 0);

  log.SaveCursor({last, last_bytes - 1});
  report = log.Inspect();
  REQUIRE(report.damage_total == 1);
  CHECK(report.damage[0].kind == DamageKind::kCursorInside);
  CHECK(report.damage[0].file == path);

  log.files.FlipBit(path, 9, 0);
  report = log.Inspect();
  REQUIRE(report.damage_total == 1);
  CHECK(report.damage[0].kind == DamageKind::kBadCursor);
  CHECK_FALSE(CursorOf(report, "ahead").position.has_value());
  CHECK(CursorOf(report, "ahead").samples_behind == report.total.samples);
}

TEST_CASE("no directory, an empty one, one without cursors, unreadable files, moved ones") {
  MemoryFileSystem files;
  CHECK_FALSE(InspectLog(files, "/nowhere").has_value());
  REQUIRE(files.CreateDirectories("/storage/log").has_value());
  auto empty = InspectLog(files, "/storage");
  REQUIRE(empty.has_value());
  CHECK(empty->sound());
  CHECK(empty->segments.empty());
  CHECK(empty->total.BytesPerSample() == 0);

  WrittenLog log;
  log.files.SetContent("/storage/log/00000000000000ff.seg.bad", "x");
  log.files.SetContent("/storage/log/notes.txt", "x");
  log.files.SetContent("/storage/cursors/b.cursor.bad", "x");
  const LogReport report = log.Inspect();
  CHECK(report.sound());
  CHECK(report.moved_aside == std::vector<std::string>{"/storage/log/00000000000000ff.seg.bad",
                                                       "/storage/cursors/b.cursor.bad"});
  log.files.FailReads(EIO);
  const LogReport unreadable = log.Inspect();
  CHECK(unreadable.damage_total == log.segments.size() + 2);
  for (const LogDamage& damage : unreadable.damage) CHECK(damage.kind == DamageKind::kUnreadable);
}

TEST_CASE("a file under another segment's name is damaged") {
  WrittenLog log;
  const std::string other = "/storage/log/00000000000000ff.seg";
  log.files.SetContent(other, log.files.Content(log.segments[0]));
  const LogReport report = log.Inspect();
  REQUIRE(report.damage_total == 1);
  CHECK(report.damage[0].kind == DamageKind::kBadHeader);
  CHECK(report.damage[0].file == other);
  CHECK(report.total.scrapes == kScrapes);
}

TEST_CASE("so much damage is counted and not all listed") {
  WrittenLog log;
  for (size_t i = 0; i < kDamageListedMax + 10; ++i) {
    log.files.SetContent("/storage/cursors/r" + std::to_string(i) + ".cursor", "nonsense");
  }
  const LogReport report = log.Inspect();
  CHECK(report.damage_total == kDamageListedMax + 10);
  CHECK(report.damage.size() == kDamageListedMax);
}

TEST_CASE("many different things are counted within two percent") {
  DistinctCounter counter;
  std::mt19937_64 random(3);
  for (uint64_t i = 1; i <= 1'000'000; ++i) {
    counter.Add(random());
    if (i != 1000 && i != DistinctCounter::kExactMax) continue;
    CHECK(counter.exact());
    CHECK(counter.count() == i);
  }
  CHECK_FALSE(counter.exact());
  CHECK(counter.count() > 980'000);
  CHECK(counter.count() < 1'020'000);
}

}  // namespace
}  // namespace limpet
