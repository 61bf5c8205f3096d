#include "queue/log_window.h"

#include <doctest/doctest.h>

#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

std::vector<std::string> TakeAll(LogWindow& window) {
  std::vector<std::string> payloads;
  while (!window.empty()) payloads.emplace_back(window.Take().payload);
  return payloads;
}

}  // namespace

TEST_CASE("a window gives out target by target, each in order") {
  LogWindow window;
  CHECK(window.empty());
  for (int round = 0; round < 2; ++round) {
    window.Add(7, "a1", 1);
    window.Add(5, "b1", 1);
    window.Add(7, "a2", 1);
    window.Add(9, "c1", 1);
    window.Add(5, "b2", 1);
    CHECK_FALSE(window.full());
    CHECK(TakeAll(window) == std::vector<std::string>{"a1", "a2", "b1", "b2", "c1"});
    window.Clear();
    CHECK(window.empty());
  }
}

TEST_CASE("a window is full by one target's scrapes or by its bytes, and large records fit") {
  LogWindow window;
  for (uint32_t i = 1; i <= LogWindow::kScrapesPerTargetMax; ++i) {
    window.Add(1000 + i, "other", 1);
    CHECK_FALSE(window.full());
    window.Add(1, std::string(1000, static_cast<char>('a' + i % 26)), 1);
  }
  CHECK(window.full());
  const std::vector<std::string> all = TakeAll(window);
  CHECK(all.size() == 2 * LogWindow::kScrapesPerTargetMax);
  CHECK(all[1] == std::string(1000, 'b'));
  window.Clear();
  CHECK_FALSE(window.full());

  const std::string large(LogWindow::kBytesMax, 'x');
  window.Add(1, "small", 1);
  window.Add(2, large, 1);
  CHECK(window.full());
  CHECK(TakeAll(window) == std::vector<std::string>{"small", large});

  LogWindow tiny;  // the index counts as well
  uint64_t key = 0;
  while (!tiny.full()) tiny.Add(key++, "x", 1);
  CHECK(key < 100'000);
}

TEST_CASE("a backlog comes with many scrapes of a target in a row, from disk and over to memory") {
  LogFixture f;
  f.options.tail_bytes = 16 * 1024;
  f.options.segment_bytes = 1 << 20;
  f.options.max_bytes = 1 << 30;
  f.Open();
  auto reader = f.log->NewReader("a");
  f.AppendAll(0, 1000);
  uint64_t runs = 0;
  uint64_t key = 0;
  uint64_t read = 0;
  Collected collected(*reader);
  for (int idle = 0; idle < 12; ++idle) {
    for (; const ScrapeView* view = reader->Next(); ++read) {
      collected.Add(*reader, *view);
      if (view->target->key != key) ++runs;
      key = view->target->key;
      idle = 0;
    }
    f.Settle();
  }
  CHECK(collected.sequences == Range(0, 1000));
  CHECK(runs <= 3 * (1000 / 3 / LogWindow::kScrapesPerTargetMax + 1));

  // Live, nothing waits for anything.
  for (uint64_t i = 1000; i < 1010; ++i) {
    f.Append(i);
    const ScrapeView* view = reader->Next();
    REQUIRE(view != nullptr);
    CHECK(SequenceOf(*view) == i);
    CHECK(AtWindowEnd(*reader, {}));
    reader->Acknowledge(reader->position());
    CHECK(reader->backlog_bytes() == 0);
  }
}

TEST_CASE("a window whose segment goes meanwhile is given out, and counted where it is not") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.Open();
  auto reader = f.log->NewReader("a");
  auto back = f.log->NewReader("b");
  f.AppendAll(0, 4000);
  REQUIRE(f.log->stats().segments > 2);
  Collected collected(*reader);
  while (collected.sequences.size() < 10) {
    if (const ScrapeView* view = reader->Next()) collected.Add(*reader, *view);
    f.Settle();
  }
  while (back->Next() == nullptr) f.Settle();
  f.log->SetBounds(1, Millis(0), Millis(1000));
  f.Settle();
  for (int idle = 0; idle < 12; ++idle) {
    for (; const ScrapeView* view = reader->Next(); idle = 0) collected.Add(*reader, *view);
    f.Settle();
  }
  const auto samples = [](uint64_t begin, uint64_t end) {
    uint64_t sum = 0;
    for (const uint64_t s : Range(begin, end)) sum += MakeScrape(s).values.size();
    return sum;
  };
  // First the window, then what is left.
  const uint64_t taken = 3 * LogWindow::kScrapesPerTargetMax;
  REQUIRE(collected.sequences.size() > taken);
  uint64_t first = 0;
  while (collected.sequences[first] == first) ++first;
  CHECK(first > taken - 10);
  CHECK(first <= taken);
  CHECK(reader->samples_lost().max_bytes == samples(first, collected.sequences[first]));
  CHECK(collected.sequences.back() == 3999);

  // Going back to a window that is not there any more.
  back->Rewind();
  CHECK(back->samples_lost().max_bytes == samples(0, collected.sequences[first]));
  CHECK(f.ReadAll(*back) == Range(collected.sequences[first], 4000));
}

TEST_CASE("what is at hand does not wait for a part of the disk that cannot be read") {
  LogFixture f;
  f.options.tail_bytes = 4096;
  f.options.segment_bytes = 16 << 20;
  f.options.max_bytes = 1 << 30;
  f.Open();
  auto reader = f.log->NewReader("a");
  // All of one scrape a target, so that only bytes end a window.
  const auto layout = MakeLayout("m", 2000);
  std::mt19937_64 random(1);
  std::vector<double> values(2000);
  for (int i = 0; i < 100; ++i) {
    for (double& value : values) value = static_cast<double>(random());
    f.log->Append({layout, MakeTarget(std::to_string(i)), f.clock.wall_ms, {}, values, {}});
    f.Settle();
  }
  CHECK(reader->Next() == nullptr);
  REQUIRE(f.disk->RunOne());  // the first piece, and the one ahead is asked for
  f.RunLoop();
  f.files.FailReads(EIO);
  int read = 0;
  for (int i = 0; i < 5; ++i) {
    while (reader->Next() != nullptr) ++read;
    f.Settle();
  }
  CHECK(read > 5);
  CHECK(read < 100);
  f.files.FailReads(0);
  f.Advance(Millis(40'000));
  for (int idle = 0; idle < 12; ++idle) {
    for (; reader->Next() != nullptr; idle = 0) ++read;
    f.Settle();
  }
  CHECK(read == 100);
  CHECK(reader->samples_lost().total() == 0);
}
