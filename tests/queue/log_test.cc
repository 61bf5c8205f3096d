#include "queue/log.h"

#include <doctest/doctest.h>

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
  std::vector<uint64_t> seen;
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
      seen.push_back(SequenceOf(*view));
      CHECK(Same(MakeScrape(seen.back()), *view));
    }
  }
  for (const uint64_t sequence : f.ReadAll(*slow)) seen.push_back(sequence);
  CHECK(seen == Range(0, next));
  CHECK(f.log->stats().segments > 3);
  CHECK(slow->samples_dropped() == 0);
}

TEST_CASE("after a restart each receiver goes on behind its cursor") {
  LogFixture f;
  f.Open();
  auto a = f.log->NewReader("a");
  auto b = f.log->NewReader("b");
  f.AppendAll(0, 1000);
  CHECK(f.ReadAll(*a).size() == 1000);
  f.Take(*b, 300);
  b->Acknowledge(b->position());
  f.Take(*b, 50);
  a.reset();
  b.reset();
  f.CloseLog();

  f.Open();
  f.AppendAll(1000, 1100);
  a = f.log->NewReader("a");
  b = f.log->NewReader("b");
  auto fresh = f.log->NewReader("new one");
  CHECK(f.ReadAll(*a) == Range(1000, 1100));
  CHECK(f.ReadAll(*b) == Range(300, 1100));
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
  f.Take(*reader, 123);
  reader->Acknowledge(reader->position());
  f.Take(*reader, 277);
  reader->Rewind();
  CHECK(f.ReadAll(*reader) == Range(123, 500));
  reader->Rewind();
  CHECK(f.ReadAll(*reader).empty());
}

TEST_CASE("segments go when every receiver has had them, and with a receiver that is let go") {
  LogFixture f;
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
    last = SequenceOf(*view);
    read_samples += view->values.size();
  }
  CHECK(first > 10);
  CHECK(last == 29'999);
  CHECK(f.log->stats().segments_dropped_total > 0);
  CHECK(reader->samples_dropped() == appended_samples - read_samples);
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

TEST_CASE("two processes cannot have the same log") {
  LogFixture f;
  f.Open();
  auto second =
      OpenLog(f.loop, f.files, f.clock, f.options, NewManualQueue(std::make_shared<DiskWork>()));
  CHECK_FALSE(second.has_value());
  CHECK(second.error().code == EWOULDBLOCK);
}
