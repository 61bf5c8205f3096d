#include <doctest/doctest.h>

#include <random>

#include "queue/record.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

const std::string kFirstSegment = "/storage/log/0000000000000001.seg";

}  // namespace

TEST_CASE("a full disk is lived through in memory and healed from without loss") {
  LogFixture f;
  f.options.tail_bytes = 256 * 1024;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 100);
  f.files.SetFreeBytes(500);
  for (uint64_t i = 100; i < 300; ++i) {
    f.Append(i);
    f.Settle();
  }
  CHECK(f.log->stats().degraded);
  CHECK(f.log->stats().last_error.find("No space left") != std::string::npos);
  // Sending goes on, from memory.
  CHECK(f.ReadAll(*reader, false) == Range(0, 300));
  f.Advance(Millis(1000));
  CHECK(f.log->stats().degraded);  // tried and failed again
  f.files.SetFreeBytes(std::nullopt);
  f.Advance(Millis(1500));
  CHECK(f.log->stats().degraded);  // not before the longer back-off
  f.Advance(Millis(600));
  CHECK_FALSE(f.log->stats().degraded);
  CHECK(f.log->stats().last_error.empty());
  f.AppendAll(300, 400);
  CHECK(f.log->stats().samples_lost_total == 0);
  reader.reset();
  f.Kill();
  f.Open();
  reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(0, 400));
}

TEST_CASE("what memory cannot hold while the disk fails goes oldest first and is counted") {
  LogFixture f;
  f.options.tail_bytes = 1 << 20;
  f.Open();
  auto behind = f.log->NewReader("behind");
  auto live = f.log->NewReader("live");
  f.AppendAll(0, 10);
  CHECK(f.ReadAll(*live).size() == 10);
  f.files.FailWrites(EROFS);
  uint64_t appended = 0;
  for (uint64_t i = 10; i < 40'000; ++i) {
    f.Append(i);
    appended += MakeScrape(i).values.size();
    if (i % 100 == 0) {
      f.Settle();
      CHECK(f.ReadAll(*live).back() == i);
    }
  }
  CHECK(live->samples_lost().total() == 0);
  uint64_t read = 0;
  for (const uint64_t sequence : f.ReadAll(*behind)) {
    if (sequence >= 10) read += MakeScrape(sequence).values.size();
  }
  CHECK(read > 100'000);
  CHECK(behind->samples_lost().total() == appended - read);
  CHECK(f.log->stats().samples_lost_total == appended - read);
}

TEST_CASE("after a failed sync the segment is left alone and a new one begun") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  for (uint64_t i = 0; i < 10; ++i) f.Append(i);
  f.Settle();
  f.Advance(Millis(500));
  f.files.FailSyncs(1);
  f.Advance(Millis(600));
  CHECK(f.log->stats().sync_errors_total == 1);
  CHECK(f.log->stats().degraded);
  const std::string before = f.files.Content(kFirstSegment);
  f.Advance(Millis(1000));
  CHECK_FALSE(f.log->stats().degraded);
  f.AppendAll(10, 20);
  f.Advance(Millis(3000));
  CHECK(f.files.Content(kFirstSegment) == before);
  CHECK(f.log->stats().segments == 2);
  CHECK(f.log->stats().sync_errors_total == 1);
  CHECK(f.ReadAll(*reader) == Range(0, 20));
}

TEST_CASE("a disk that hangs costs memory only within the budget, and nothing once it goes on") {
  LogFixture f;
  f.options.tail_bytes = 128 * 1024;
  f.Open();
  auto reader = f.log->NewReader("a");
  uint64_t next = 0;
  for (; next < 40; ++next) {
    CHECK_FALSE(f.log->stats().degraded);
    f.Append(next);
    f.clock.Advance(Millis(130));
  }
  CHECK(f.log->stats().degraded);
  CHECK(f.log->stats().last_error.find("in time") != std::string::npos);
  for (; next < 500; ++next) f.Append(next);
  CHECK(f.log->stats().write_errors_total == 1);
  f.RunLoop();
  CHECK(f.ReadAll(*reader, false) == Range(0, next));  // lets the disk go on, too
  f.Advance(Millis(2000));
  CHECK_FALSE(f.log->stats().degraded);
  CHECK(f.log->stats().samples_lost_total == 0);
  f.Kill();
  reader.reset();
  f.Open();
  auto other = f.log->NewReader("b");
  CHECK(f.ReadAll(*other) == Range(0, next));
}

TEST_CASE("a large record or a burst is no failing disk, many tails behind is one") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  const TestScrape large = MakeLargeScrape(15'000);  // about 8 tails
  f.clock.Advance(Millis(60'000));
  f.log->Append(large.View());
  CHECK_FALSE(f.log->stats().degraded);
  CHECK(Same(large, *reader->Next()));
  f.Settle();
  for (uint64_t i = 0; i < 1000; ++i) f.Append(i);
  CHECK_FALSE(f.log->stats().degraded);
  CHECK(f.ReadAll(*reader) == Range(0, 1000));
  CHECK(f.log->stats().samples_lost_total == 0);
  CHECK(f.log->stats().write_errors_total == 0);

  for (int i = 0; i < 3; ++i) f.log->Append(large.View());
  CHECK(f.log->stats().degraded);
  // What came last is kept whatever its size.
  REQUIRE(reader->Next() != nullptr);
  CHECK(reader->Next() == nullptr);
}

TEST_CASE("what memory has let go of leaves no file behind") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 10);
  // The header of the next segment is written, then the disk hangs.
  uint64_t next = 10;
  while (f.log->stats().segments < 2) {
    f.Settle();
    f.disk->at_once = 2;  // the end of one segment, the header of the next
    f.Append(next++);
  }
  REQUIRE(f.files.Content("/storage/log/0000000000000002.seg").size() == kSegmentHeaderBytes);
  f.clock.Advance(Millis(6000));
  while (f.log->stats().samples_lost_total == 0) f.Append(next++);
  f.Settle();
  CHECK_FALSE(f.files.Exists("/storage/log/0000000000000002.seg"));
}

TEST_CASE("closing gives up on a disk that hangs") {
  LogFixture f;
  f.Open();
  f.Append(0);
  f.disk->hung = true;
  f.log->Close(Millis(1));
  f.Append(1);  // after the end: nothing happens
  CHECK(f.log->stats().records_total == 1);
}

TEST_CASE("a torn tail is cut off wherever it is torn") {
  LogFixture f;
  f.Open();
  for (uint64_t i = 0; i < 5; ++i) f.Append(i);
  f.Settle();
  const uint64_t five = f.files.Content(kFirstSegment).size();
  f.Append(5);
  f.Settle();
  f.Kill();
  const std::string whole = f.files.Content(kFirstSegment);
  for (uint64_t cut = five; cut <= whole.size(); ++cut) {
    LogFixture g;
    g.files.CreateDirectories("/storage/log");
    g.files.SetContent(kFirstSegment, whole.substr(0, cut));
    g.Open();
    auto reader = g.log->NewReader("a");
    CHECK(g.ReadAll(*reader) == Range(0, cut == whole.size() ? 6 : 5));
    CHECK(g.log->stats().damaged_bytes_total == (cut == whole.size() ? 0 : cut - five));
    g.Append(100);
    CHECK(g.ReadAll(*reader) == Range(100, 101));
  }
}

TEST_CASE("a flipped bit costs what depends on it, is counted, and nothing comes back wrong") {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    LogFixture f;
    f.Open();
    f.AppendAll(0, 400);
    f.CloseLog();
    const uint64_t size = f.files.Content(kFirstSegment).size();
    f.files.FlipBit(kFirstSegment, kSegmentHeaderBytes + random() % (size - kSegmentHeaderBytes),
                    static_cast<int>(random() % 8));
    f.Open();
    f.AppendAll(400, 420);
    auto reader = f.log->NewReader("a");
    const std::vector<uint64_t> read = f.ReadAll(*reader);  // compares each scrape
    CHECK(std::ranges::is_sorted(read));
    CHECK(read.size() < 420);
    CHECK(std::ranges::count_if(read, [](uint64_t s) { return s >= 400; }) == 20);
    CHECK(f.log->stats().damaged_bytes_total > 0);
    CHECK(f.log->stats().damaged_records_total > 0);
    uint64_t missing = 0;
    for (const uint64_t s : Range(0, 400)) {
      if (!std::ranges::binary_search(read, s)) missing += MakeScrape(s).values.size();
    }
    // The one record that is damaged itself is counted where a key record follows.
    CHECK(reader->samples_lost().damage <= missing);
    CHECK(reader->samples_lost().damage + 20 >= missing);
    reader->Rewind();
    reader = f.log->NewReader("a");
    f.ReadAll(*reader);
    CHECK(reader->samples_lost().damage <= missing);
  }
}

TEST_CASE("samples in a part that cannot be read are counted, and only once") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 1000);
  f.files.FailReads(EIO);
  std::vector<uint64_t> read;
  for (int i = 0; i < 400; ++i) {
    if (const ScrapeView* view = reader->Next()) {
      read.push_back(SequenceOf(*view));
    } else {
      f.Advance(Millis(1000));
    }
  }
  f.files.FailReads(0);
  f.AppendAll(1000, 3000);  // more than the segment takes
  for (const uint64_t s : f.ReadAll(*reader, false)) read.push_back(s);
  std::ranges::sort(read);
  REQUIRE_FALSE(read.empty());
  CHECK(read.back() == 2999);
  const auto missing = [&read] {
    uint64_t samples = 0;
    for (const uint64_t s : Range(0, 3000)) {
      if (!std::ranges::binary_search(read, s)) samples += MakeScrape(s).values.size();
    }
    return samples;
  };
  CHECK(missing() > 0);
  CHECK(reader->samples_lost().damage == missing());
  reader->Rewind();
  f.ReadAll(*reader, false);
  CHECK(reader->samples_lost().damage == missing());
}

TEST_CASE("samples of a dropped segment that cannot be read are counted") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  auto none = f.log->NewReader("none");
  auto some = f.log->NewReader("some");
  f.AppendAll(0, 2000);
  f.Take(*some, 50);
  f.files.FailReads(EIO);
  f.log->SetBounds(1, Millis(0), Millis(1000));
  f.Settle();
  f.files.FailReads(0);
  uint64_t missing = 0;
  uint64_t first = 0;
  for (const uint64_t s : f.ReadAll(*none)) {
    if (first == 0) first = s;
  }
  for (const uint64_t s : Range(0, first)) missing += MakeScrape(s).values.size();
  CHECK(none->samples_lost().max_bytes == missing);
  // What it had had of the first one is told by its size only.
  CHECK(some->samples_lost().max_bytes < missing);
  CHECK(some->samples_lost().max_bytes > missing / 2);
}

TEST_CASE(
    "a file that cannot be read is moved aside, others are left alone, numbers not used again") {
  LogFixture f;
  f.Open();
  f.AppendAll(0, 10);
  f.CloseLog();
  std::string bytes = f.files.Content(kFirstSegment);
  f.files.SetContent("/storage/log/0000000000000007.seg", "not a segment at all, but long enough");
  f.files.SetContent("/storage/log/0000000000000009.seg", bytes);  // says that it is another one
  f.files.SetContent("/storage/log/README", "mine");
  f.files.SetContent("/storage/log/x.seg", "mine, too");
  f.Open();
  CHECK(f.files.Exists("/storage/log/0000000000000007.seg.bad"));
  CHECK(f.files.Exists("/storage/log/0000000000000009.seg.bad"));
  CHECK(f.files.Content("/storage/log/README") == "mine");
  CHECK(f.files.Content("/storage/log/x.seg") == "mine, too");
  CHECK(f.log->stats().damaged_records_total == 2);
  f.AppendAll(10, 20);
  CHECK(f.files.Exists("/storage/log/000000000000000a.seg"));
  auto reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(0, 20));
}

TEST_CASE("an unreadable cursor starts at the oldest record and is moved aside") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 10);
  CHECK(f.ReadAll(*reader).size() == 10);
  reader.reset();
  f.CloseLog();
  f.files.SetContent("/storage/cursors/a.cursor", "garbage garbage garbage garbage");
  f.Open();
  CHECK(f.files.Exists("/storage/cursors/a.cursor.bad"));
  reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(0, 10));
}

TEST_CASE("a cursor beyond what is there loses nothing of what comes") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 10);
  CHECK(f.ReadAll(*reader).size() == 10);
  reader.reset();
  f.CloseLog();
  // The segment is gone, as after a power cut that its name did not survive.
  CHECK(f.files.Remove(kFirstSegment).has_value());
  f.Open();
  f.AppendAll(10, 20);
  reader = f.log->NewReader("a");
  CHECK(f.ReadAll(*reader) == Range(10, 20));
}

TEST_CASE("a read that fails for a while delays, one that fails for good is passed over") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  f.AppendAll(0, 1000);
  auto reader = f.log->NewReader("a");
  f.files.FailReads(EIO);
  for (int i = 0; i < 10; ++i) {
    CHECK(reader->Next() == nullptr);
    f.Advance(Millis(1000));
  }
  f.files.FailReads(0);
  f.Advance(Millis(60'000));
  CHECK(f.ReadAll(*reader, false) == Range(0, 1000));
  reader->Rewind();
  f.files.FailReads(EIO);
  for (int i = 0; i < 400; ++i) {
    if (reader->Next() == nullptr) f.Advance(Millis(1000));
  }
  CHECK(f.log->stats().damaged_bytes_total > 0);
  f.files.FailReads(0);
  f.AppendAll(1000, 1300);
  const std::vector<uint64_t> rest = f.ReadAll(*reader);
  REQUIRE_FALSE(rest.empty());
  CHECK(rest.back() == 1299);
}
