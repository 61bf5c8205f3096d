#include "queue/log.h"

#include <doctest/doctest.h>

#include "queue/record.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

TEST_CASE("what is appended is read from memory, in order and once") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  CHECK(reader->Next() == nullptr);
  int woken = 0;
  reader->SetWakeUp([&] { ++woken; });
  for (uint64_t i = 0; i < 20; ++i) f.Append(i);
  f.RunLoop();
  CHECK(woken == 1);
  CHECK(f.ReadAll(*reader) == Range(0, 20));
  CHECK(f.ReadAll(*reader).empty());
  CHECK(f.log->stats().records_total == 20);
}

TEST_CASE("a reader that is behind goes over from disk to memory without a seam") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  auto slow = f.log->NewReader("slow");
  auto fast = f.log->NewReader("fast");
  uint64_t next = 0;
  Collected seen(*slow);
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 20; ++i) f.Append(next++);
    f.Settle();
    CHECK(f.ReadAll(*fast).size() == 20);
    // Reads less than comes in, at first.
    for (int i = 0; i < (round < 150 ? 5 : 200); ++i) {
      const ScrapeView* view = slow->Next();
      if (view == nullptr) {
        f.Settle();
        continue;
      }
      CHECK(Same(MakeScrape(SequenceOf(*view)), *view));
      seen.Add(*slow, *view);
    }
  }
  for (int idle = 0; idle < 12; ++idle) {
    for (; const ScrapeView* view = slow->Next(); idle = 0) seen.Add(*slow, *view);
    f.Settle();
  }
  CHECK(seen.sequences == Range(0, next));
  CHECK(f.log->stats().segments > 3);
  CHECK(slow->samples_lost().total() == 0);
}

TEST_CASE("after a restart each receiver goes on behind its cursor") {
  LogFixture f;
  f.Open();
  auto a = f.log->NewReader("a");
  auto b = f.log->NewReader("b");
  f.AppendAll(0, 1000);
  CHECK(f.ReadAll(*a).size() == 1000);
  const uint64_t had = f.Take(*b, 300);
  b->Acknowledge(b->position());
  REQUIRE(b->Next() != nullptr);
  REQUIRE(b->Next() != nullptr);
  b->Acknowledge(b->position());  // of a window that is not complete: nothing
  a.reset();
  b.reset();
  f.CloseLog();

  f.Open();
  f.AppendAll(1000, 1100);
  a = f.log->NewReader("a");
  b = f.log->NewReader("b");
  auto fresh = f.log->NewReader("new one");
  CHECK(f.ReadAll(*a) == Range(1000, 1100));
  CHECK(f.ReadAll(*b) == Range(had, 1100));
  CHECK(f.ReadAll(*fresh) == Range(0, 1100));
}

TEST_CASE("a kill loses only what was not handed to the system") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 100);
  for (uint64_t i = 100; i < 110; ++i) f.Append(i);  // still waiting for the disk thread
  f.Kill();
  f.Open();
  auto reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(0, 100));
  CHECK(f.log->stats().damaged_bytes_total == 0);
}

TEST_CASE("a rewind gives again what was not acknowledged") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 500);
  const uint64_t had = f.Take(*reader, 123);
  reader->Acknowledge(reader->position());
  f.Take(*reader, 177);
  reader->Rewind();
  CHECK(f.ReadAll(*reader, false) == Range(had, 500));
  reader->Rewind();
  while (reader->Next() == nullptr) f.Settle();
  REQUIRE(reader->Next() != nullptr);
  reader->Rewind();  // in the middle of a window
  CHECK(f.ReadAll(*reader) == Range(had, 500));
  reader->Rewind();
  CHECK(f.ReadAll(*reader).empty());
}

TEST_CASE("segments go when every receiver has had them, and with a receiver that is let go") {
  LogFixture f;
  f.options.cursor_grace = Millis(0);
  f.Open();
  auto a = f.log->NewReader("a");
  auto b = f.log->NewReader("b");
  f.AppendAll(0, 4000);
  const uint64_t all = f.log->stats().segments;
  CHECK(all > 2);
  CHECK(f.ReadAll(*a).size() == 4000);
  CHECK(f.log->stats().segments == all);
  CHECK(a->backlog_bytes() == 0);
  CHECK(b->backlog_bytes() > 100'000);
  b.reset();
  f.log->KeepOnly({"a"});
  f.Settle();
  CHECK(f.log->stats().segments == 1);
  CHECK(f.files.TotalBytes("/storage/log") == f.log->stats().bytes);
  CHECK_FALSE(f.files.Exists("/storage/cursors/b.cursor"));
  CHECK(f.log->stats().segments_dropped_total == 0);
}

TEST_CASE("max_bytes drops whole oldest segments and counts what a receiver had not had") {
  LogFixture f;
  f.options.max_bytes = 1 << 20;
  f.options.segment_bytes = 16 << 20;  // too large for max_bytes: smaller ones are used
  f.Open();
  auto reader = f.log->NewReader("a");
  for (int i = 0; i < 10; ++i) f.Append(i);
  for (int i = 0; i < 10; ++i) REQUIRE(reader->Next() != nullptr);
  uint64_t appended_samples = 0;
  for (uint64_t i = 10; i < 30'000; ++i) {
    f.Append(i);
    appended_samples += MakeScrape(i).values.size();
    if (i % 50 == 0) f.Settle();
    if (i % 1000 == 0) CHECK(f.files.TotalBytes("/storage/log") <= f.options.max_bytes);
  }
  f.Settle();
  uint64_t read_samples = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  for (int idle = 0; idle < 12;) {
    const ScrapeView* view = reader->Next();
    if (view == nullptr) {
      f.Settle();
      ++idle;
      continue;
    }
    idle = 0;
    if (first == 0) first = SequenceOf(*view);
    last = std::max(last, SequenceOf(*view));
    read_samples += view->values.size();
  }
  CHECK(first > 10);
  CHECK(last == 29'999);
  CHECK(f.log->stats().segments_dropped_total > 0);
  CHECK(reader->samples_lost().total() == appended_samples - read_samples);
  CHECK(f.log->stats().samples_lost_total == 0);
}

TEST_CASE("max_age drops old segments, appended to or not") {
  LogFixture f;
  f.options.max_age = Millis(3'600'000);
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 4000);
  const uint64_t before = f.log->stats().segments;
  f.Advance(Millis(11'000));
  CHECK(f.log->stats().segments == before);
  f.Advance(Millis(3'600'000 + 4000 * 250));
  CHECK(f.log->stats().segments == 1);
}

TEST_CASE("a segment that was only begun does not make the one before it old") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 100);
  f.Kill();
  // Three days of scrapes are in a segment that was created on the first.
  const std::string first = "/storage/log/0000000000000001.seg";
  f.files.SetContent("/storage/log/0000000000000002.seg",
                     EncodeSegmentHeader({2, f.clock.wall_ms}));
  f.files.SetContent(first, f.files.Content(first) + "torn");
  f.clock.Advance(Millis(100 * 250));
  f.options.max_age = Millis(1000);
  f.Open();
  CHECK_FALSE(f.files.Exists("/storage/log/0000000000000002.seg"));
  CHECK(f.log->stats().damaged_bytes_total == 4);
  auto reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(0, 100));
}

TEST_CASE("a segment that cannot be read at start is not taken for old") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 100);
  f.Kill();
  f.clock.Advance(Millis(3'600'000));
  f.options.max_age = Millis(600'000);
  const std::string first = "/storage/log/0000000000000001.seg";
  f.files.FailReadsBehind(kSegmentHeaderBytes, EIO);
  f.Open();
  f.files.FailReadsBehind(0, 0);
  CHECK(f.files.Exists(first));
  auto reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(0, 100));
}

TEST_CASE("a removed receiver's cursor is kept for a while, over restarts") {
  LogFixture f;
  f.options.cursor_grace = Millis(3'600'000);
  f.Open();
  auto a = f.log->NewReader("a");
  auto b = f.log->NewReader("b");
  f.AppendAll(0, 4000);
  const uint64_t had = f.Take(*b, 100);
  b->Acknowledge(b->position());
  b.reset();
  f.ReadAll(*a);
  f.log->KeepOnly({"a"});
  f.Settle();
  const uint64_t all = f.log->stats().segments;
  CHECK(all > 2);
  CHECK(f.log->stats().cursors == 2);
  f.Advance(Millis(1'800'000));
  a.reset();
  f.CloseLog();
  f.Open();
  f.log->KeepOnly({"a"});
  f.Advance(Millis(1'700'000));

  SUBCASE("it comes back and goes on where it was") {
    f.log->KeepOnly({"a", "b"});
    b = f.log->NewReader("b");
    f.Advance(Millis(3'600'000));
    CHECK(f.ReadAll(*b, false) == Range(had, 4000));
    b.reset();
    f.Kill();
    f.Open();
    f.log->KeepOnly({"a", "b"});
    f.Advance(Millis(7'200'000));
    b = f.log->NewReader("b");
    CHECK(f.ReadAll(*b) == Range(had, 4000));
  }
  SUBCASE("it does not and holds nothing any more") {
    CHECK(f.files.Exists("/storage/cursors/b.cursor"));
    f.Advance(Millis(100'001));
    f.Advance(Millis(10'000));
    CHECK_FALSE(f.files.Exists("/storage/cursors/b.cursor"));
    CHECK(f.log->stats().cursors == 1);
    CHECK(f.log->stats().segments == 1);
  }
  SUBCASE("max_bytes wins") {
    f.log->SetBounds(1, Millis(0), Millis(1000));
    f.Settle();
    CHECK(f.log->stats().segments == 1);
    b = f.log->NewReader("b");
    CHECK(b->samples_lost().max_bytes > 0);
  }
}

TEST_CASE("a new receiver may begin with what comes, one with a cursor goes on") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 1500);
  auto now = f.log->NewReader("now", ReaderStart::kNow);
  auto oldest = f.log->NewReader("oldest", ReaderStart::kOldest);
  CHECK(now->backlog_bytes() == 0);
  CHECK(now->oldest_unsent_ms() == 0);
  f.AppendAll(1500, 1600);
  CHECK(f.ReadAll(*now, false) == Range(1500, 1600));
  now = f.log->NewReader("now", ReaderStart::kNow);
  CHECK(f.ReadAll(*now) == Range(1500, 1600));
  CHECK(f.ReadAll(*oldest) == Range(0, 1600));
  CHECK(now->samples_lost().total() == 0);
}

TEST_CASE("the oldest scrape that is not acknowledged is known, in memory and on disk") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  auto reader = f.log->NewReader("a");
  CHECK(reader->oldest_unsent_ms() == 0);
  f.Append(0);
  CHECK(reader->oldest_unsent_ms() == MakeScrape(0).timestamp_ms);
  f.AppendAll(1, 1000);
  CHECK(reader->oldest_unsent_ms() == MakeScrape(0).timestamp_ms);
  const uint64_t had = f.Take(*reader, 200);
  CHECK(reader->oldest_unsent_ms() == MakeScrape(0).timestamp_ms);
  reader->Acknowledge(reader->position());
  CHECK(reader->oldest_unsent_ms() == MakeScrape(had - 1).timestamp_ms);
  while (reader->Next() == nullptr) f.Settle();
  CHECK(reader->oldest_unsent_ms() == MakeScrape(had).timestamp_ms);
  f.ReadAll(*reader);
  CHECK(reader->oldest_unsent_ms() == 0);
  f.Append(1000);
  CHECK(reader->oldest_unsent_ms() == MakeScrape(1000).timestamp_ms);
}

TEST_CASE("records that wait for the disk together are written together") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.Append(0);
  f.Settle();
  const uint64_t before = f.log->stats().write_seconds.count();
  for (uint64_t i = 1; i < 50; ++i) f.Append(i);
  f.Settle();
  CHECK(f.log->stats().write_seconds.count() == before + 1);
  f.Kill();
  reader.reset();
  f.Open();
  auto after = f.log->NewReader("a");
  CHECK(f.ReadAll(*after) == Range(0, 50));
}

TEST_CASE("what is on disk is counted: samples, also after a restart, and how long writes took") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 4000);
  REQUIRE(f.log->stats().segments > 2);
  const uint64_t samples = f.log->stats().samples_total;
  CHECK(f.log->stats().samples_on_disk == samples);
  CHECK(f.log->stats().write_seconds.count() >= 4000 / 20);
  f.CloseLog();
  f.files.SetContent("/storage/log/0000000000000099.seg", "not a segment at all, but long enough");
  f.Open();
  f.Append(4000);
  f.Settle();
  const double after = static_cast<double>(f.log->stats().samples_on_disk);
  CHECK(after > 0.8 * static_cast<double>(samples));
  CHECK(after < 1.2 * static_cast<double>(samples));
  CHECK(f.log->stats().moved_aside_files == 1);
  f.CloseLog();
  f.Open();
  CHECK(f.log->stats().moved_aside_files == 1);
}

TEST_CASE("two processes cannot have the same log") {
  LogFixture f;
  f.Open();
  auto second =
      OpenLog(f.loop, f.files, f.clock, f.options, NewManualQueue(std::make_shared<DiskWork>()));
  CHECK_FALSE(second.has_value());
  CHECK(second.error().code == EWOULDBLOCK);
}
