// What a reader gives out that an earlier one may have given out already.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "queue/log_reader_impl.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

struct Read {
  std::vector<uint64_t> again;
  std::vector<uint64_t> fresh;
};

Read ReadWhatIsThere(LogFixture& f, LogReader& reader) {
  Read read;
  for (int idle = 0; idle < 12; ++idle) {
    for (; const ScrapeView* view = reader.Next(); idle = 0) {
      if (view->may_be_resent) {
        CHECK(read.fresh.empty());
        read.again.push_back(SequenceOf(*view));
      } else {
        read.fresh.push_back(SequenceOf(*view));
      }
    }
    f.Settle();
  }
  std::sort(read.again.begin(), read.again.end());
  std::sort(read.fresh.begin(), read.fresh.end());
  return read;
}

}  // namespace

TEST_CASE(
    "after a kill what may have been sent is known as such, and not joined with what is new") {
  LogFixture f;
  f.options.segment_bytes = 8 * 1024;
  f.options.max_bytes = 1 << 30;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 300);
  Read read = ReadWhatIsThere(f, *reader);
  CHECK(read.again.empty());
  CHECK(read.fresh == Range(0, 300));
  reader.reset();
  f.Kill();

  f.Open();
  REQUIRE(f.log->stats().segments > 1);
  reader = f.log->NewReader("a");
  f.AppendAll(300, 400);
  read = ReadWhatIsThere(f, *reader);
  CHECK(read.again == Range(0, 300));
  CHECK(read.fresh == Range(300, 400));

  // In the same process it is known what was given out.
  f.AppendAll(400, 500);
  reader->Rewind();
  read = ReadWhatIsThere(f, *reader);
  CHECK(read.again == Range(0, 400));
  CHECK(read.fresh == Range(400, 500));
}

TEST_CASE("what is acknowledged and what is far behind it was not sent before") {
  LogFixture f;
  f.options.tail_bytes = 2u << 20;
  f.options.segment_bytes = 64u << 20;
  f.options.max_bytes = 1 << 30;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 50);
  CHECK(f.ReadAll(*reader) == Range(0, 50));
  TestScrape large = MakeLargeScrape(100'000);
  std::mt19937_64 random(1);
  for (int i = 0; i < 30; ++i) {
    for (double& value : large.values) value = static_cast<double>(random());
    f.log->Append(large.View());
    f.Settle();
  }
  reader.reset();
  f.CloseLog();

  f.Open();
  reader = f.log->NewReader("a");
  const uint64_t backlog = reader->backlog_bytes();
  const uint64_t bytes = backlog / 30;
  REQUIRE(backlog > LogReaderImpl::kResentBytesMax + 2 * bytes);
  uint64_t again = 0;
  uint64_t given = 0;
  bool paused = false;
  bool woken = false;
  for (int idle = 0; idle < 100; ++idle) {
    for (; const ScrapeView* view = reader->Next(); idle = 0, ++given) {
      if (view->may_be_resent) CHECK(again == given);
      again += view->may_be_resent ? 1 : 0;
    }
    f.Settle();
    if (given * bytes < LogReaderImpl::kGivenBytesMax) continue;
    // It waits for the sender, and goes on with it.
    if (!paused) CHECK(given * bytes < LogReaderImpl::kGivenBytesMax + LogWindow::kBytesMax);
    woken = false;
    reader->SetWakeUp([&] { woken = true; });
    reader->Acknowledge(reader->position());
    f.Settle();
    CHECK((woken || paused));
    paused = true;
  }
  CHECK(paused);
  CHECK(given == 30);
  CHECK(again >= LogReaderImpl::kResentBytesMax / bytes);
  CHECK(again < 30);
}
