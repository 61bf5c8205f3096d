// Readers that keep up take scrapes as they are appended.
#include "queue/log_live.h"

#include <doctest/doctest.h>

#include "queue/log_reader_impl.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

bool IsLive(const LogReader& reader) {
  return dynamic_cast<const LogReaderImpl&>(reader).live_next().has_value();
}

const LiveScrapes& LiveOf(const Log& log) { return dynamic_cast<const LogImpl&>(log).live(); }

// More scrapes than are kept for readers that are live.
uint64_t TooMany(LogFixture& f, uint64_t next) {
  const size_t scrapes = LiveScrapes::kBytesMax / (20 * sizeof(double)) + 1;
  f.AppendAll(next, next + scrapes);
  return next + scrapes;
}

}  // namespace

TEST_CASE("a reader that has caught up is live, over segments too, and goes on after a restart") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 10);
  CHECK_FALSE(IsLive(*reader));
  CHECK(f.ReadAll(*reader) == Range(0, 10));
  CHECK(IsLive(*reader));
  uint64_t next = 10;
  for (; f.log->stats().segments < 2 || next < 2000; ++next) {
    f.Append(next);
    const ScrapeView* view = reader->Next();
    REQUIRE(view != nullptr);
    CHECK(Same(MakeScrape(next), *view));
    CHECK_FALSE(view->may_be_resent);
    CHECK(reader->Next() == nullptr);
    CHECK(LiveOf(*f.log).bytes() == 0);
    if (next % 50 == 0) f.Settle();
  }
  CHECK(IsLive(*reader));
  CHECK(reader->backlog_bytes() > 0);
  reader->Acknowledge(reader->position());
  CHECK(reader->backlog_bytes() == 0);
  f.Settle();
  reader.reset();
  f.CloseLog();
  f.Open();
  reader = f.log->NewReader("a");
  f.AppendAll(next, next + 5);
  CHECK(f.ReadAll(*reader) == Range(next, next + 5));
}

TEST_CASE("a live reader that falls behind decodes, misses nothing, and is live again later") {
  LogFixture f;
  f.Open();
  auto slow = f.log->NewReader("slow");
  auto fast = f.log->NewReader("fast");
  CHECK(slow->Next() == nullptr);
  CHECK(fast->Next() == nullptr);
  CHECK(IsLive(*slow));
  f.AppendAll(0, 7);
  CHECK(slow->Next() != nullptr);
  f.ReadAll(*fast);
  uint64_t next = 7;
  for (int piece = 0; piece < 40; ++piece, next += 100) {
    f.AppendAll(next, next + 100);
    CHECK(f.ReadAll(*fast) == Range(next, next + 100));
    CHECK(LiveOf(*f.log).bytes() <= LiveScrapes::kBytesMax);
  }
  CHECK(IsLive(*fast));
  CHECK(LiveOf(*f.log).bytes() == 0);  // nobody to come for it
  CHECK(f.ReadAll(*slow) == Range(1, next));
  CHECK_FALSE(IsLive(*slow));
  CHECK(slow->samples_lost().total() == 0);
  f.Advance(LogReaderImpl::kDecodesFor);
  f.AppendAll(next, next + 3);
  CHECK(f.ReadAll(*slow) == Range(next, next + 3));
  CHECK(IsLive(*slow));
}

TEST_CASE("what a live reader had given out comes again after a rewind, marked") {
  LogFixture f;
  f.Open();
  auto reader = f.log->NewReader("a");
  CHECK(reader->Next() == nullptr);
  f.AppendAll(0, 5);
  CHECK(f.ReadAll(*reader, false) == Range(0, 5));
  CHECK(IsLive(*reader));
  reader->Rewind();
  CHECK_FALSE(IsLive(*reader));
  const ScrapeView* view = reader->Next();
  REQUIRE(view != nullptr);
  CHECK(view->may_be_resent);
  reader->Rewind();
  CHECK(f.ReadAll(*reader) == Range(0, 5));
  CHECK(IsLive(*reader));
}

TEST_CASE("bounds take from a live reader what they take from any other, counted once") {
  LogFixture f;
  f.options.max_bytes = 512 * 1024;
  f.Open();
  auto reader = f.log->NewReader("a");
  CHECK(reader->Next() == nullptr);
  uint64_t next = 0;
  while (f.log->stats().segments_dropped_total == 0) next = TooMany(f, next);
  const std::vector<uint64_t> got = f.ReadAll(*reader);
  f.Settle();
  REQUIRE_FALSE(got.empty());
  CHECK(got == Range(got.front(), next));
  uint64_t missing = 0;
  for (const uint64_t s : Range(0, got.front())) missing += MakeScrape(s).values.size();
  CHECK(reader->samples_lost().total() == missing);
}

TEST_CASE("a live reader stops where too much is not acknowledged, and goes on") {
  LogFixture f;
  f.options.segment_bytes = 64u << 20;
  f.Open();
  auto reader = f.log->NewReader("a");
  CHECK(reader->Next() == nullptr);
  uint64_t given = 0;
  for (int i = 0; i < 200; ++i) {
    f.log->Append(MakeLargeScrape(16 * 1024).View());
    f.Settle();
    if (reader->Next() != nullptr) ++given;
  }
  CHECK(given < 200);
  CHECK(reader->backlog_bytes() > LogReaderImpl::kGivenBytesMax);
  reader->Acknowledge(reader->position());
  for (int idle = 0; idle < 400; ++idle) {  // the segment is decoded from its beginning
    for (; reader->Next() != nullptr; idle = 0, ++given) reader->Acknowledge(reader->position());
    f.Settle();
  }
  CHECK(given == 200);
}

TEST_CASE("a live scrape has memory of its own") {
  const TestScrape scrape = MakeScrape(3);
  std::string message = "histogram";
  std::string labels = "labels";
  std::vector<HistogramSample> histograms = {{2, message}};
  std::vector<ExemplarSample> exemplars = {{1, labels, 4.5, 17}, {2, labels, 5.5, 18}};
  ScrapeView view = scrape.View();
  view.histograms = histograms;
  view.exemplars = exemplars;
  LiveScrapes live;
  live.Add(view, {1, 28}, {1, 90});
  message.assign(9, 'x');
  labels.assign(6, 'x');
  histograms.clear();
  exemplars.clear();
  const ScrapeView& kept = live.Get(0)->view();
  TestScrape expected = scrape;
  expected.attachments.histograms = {{2, "histogram"}};
  expected.attachments.exemplars = {{1, "labels", 4.5, 17}, {2, "labels", 5.5, 18}};
  CHECK(Same(expected, kept));
  REQUIRE(kept.histograms.size() == 1);
  CHECK(kept.histograms[0].place == 2);
  CHECK(kept.histograms[0].message == "histogram");
  REQUIRE(kept.exemplars.size() == 2);
  CHECK(kept.exemplars[1].labels == "labels");
  CHECK(kept.exemplars[1].value == 5.5);
  live.DropBefore(1);
  CHECK(live.Get(0) == nullptr);
  CHECK(live.bytes() == 0);
}
