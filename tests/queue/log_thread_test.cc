// The log as it is shipped: on the machine's own files and with its own thread.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "queue/log_disk_queue.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_((std::filesystem::temp_directory_path() / "limpet-log-XXXXXX").string()) {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<uint64_t> ReadUntil(EventLoop& loop, LogReader& reader, uint64_t last) {
  Collected collected(reader);
  std::vector<uint64_t>& sequences = collected.sequences;
  bool woken = false;
  reader.SetWakeUp([&] { woken = true; });
  for (int rounds = 0; rounds < 1000; ++rounds) {
    while (const ScrapeView* view = reader.Next()) {
      CHECK(Same(MakeScrape(SequenceOf(*view)), *view));
      collected.Add(reader, *view);
      reader.Acknowledge(reader.position());
    }
    if (!sequences.empty() && sequences.back() == last) break;
    woken = false;
    while (!woken && rounds++ < 1000) loop.RunFor(Millis(100));
  }
  return sequences;
}

}  // namespace

TEST_CASE("on real files a backlog and the live end arrive in order and once, over a restart") {
  const TemporaryDirectory directory;
  EventLoop loop;
  LogOptions options;
  options.directory = directory.path();
  options.segment_bytes = 64 * 1024;
  options.tail_bytes = 64 * 1024;
  options.sync_interval = Millis(10);
  {
    auto log = Log::Open(loop, PosixFileSystem(), SystemClock(), options).value();
    for (uint64_t i = 0; i < 3000; ++i) {
      const TestScrape scrape = MakeScrape(i);
      log->Append(scrape.View());
      // As long as a scrape takes; the disk thread gets a chance.
      if (i % 50 == 0) loop.RunFor(Millis(5));
    }
    auto again = Log::Open(loop, PosixFileSystem(), SystemClock(), options);
    CHECK_FALSE(again.has_value());
    log->Close(Millis(10'000));
  }
  auto log = Log::Open(loop, PosixFileSystem(), SystemClock(), options).value();
  auto reader = log->NewReader("a");
  for (uint64_t i = 3000; i < 3500; ++i) {
    const TestScrape scrape = MakeScrape(i);
    log->Append(scrape.View());
    if (i % 50 == 0) loop.RunFor(Millis(5));
  }
  CHECK(ReadUntil(loop, *reader, 3499) == Range(0, 3500));
  CHECK(reader->samples_lost().total() == 0);
  reader.reset();
  log->Close(Millis(10'000));
}

TEST_CASE("records larger than the tail, in a burst, do not make a disk that works a failing one") {
  const TemporaryDirectory directory;
  EventLoop loop;
  LogOptions options;
  options.directory = directory.path();
  options.tail_bytes = 256 * 1024;
  auto log = Log::Open(loop, PosixFileSystem(), SystemClock(), options).value();
  auto reader = log->NewReader("a");
  const TestScrape large = MakeLargeScrape(60'000);  // half a MiB
  for (int i = 0; i < 6; ++i) {
    log->Append(large.View());
    CHECK_FALSE(log->stats().degraded);
  }
  int read = 0;
  bool woken = false;
  reader->SetWakeUp([&] { woken = true; });
  for (int rounds = 0; read < 6 && rounds < 1000; ++rounds) {
    while (const ScrapeView* view = reader->Next()) {
      CHECK(Same(large, *view));
      ++read;
    }
    woken = false;
    while (!woken && read < 6 && rounds++ < 1000) loop.RunFor(Millis(10));
  }
  CHECK(read == 6);
  CHECK(log->stats().samples_lost_total == 0);
  CHECK(log->stats().write_errors_total == 0);
  reader.reset();
  log->Close(Millis(10'000));
}

TEST_CASE("the disk thread runs what is posted in order, and what is delayed not after the end") {
  std::vector<int> order;
  EventLoop loop;
  auto queue = NewDiskThread(loop);
  for (int i = 0; i < 100; ++i) queue->Post([&order, i] { order.push_back(i); });
  queue->PostAfter(std::chrono::hours(1), [&order] { order.push_back(-1); });
  CHECK(queue->Close(Millis(10'000)));
  REQUIRE(order.size() == 100);
  CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("what is not urgent is done as well, whatever the disk thread is at when it comes") {
  std::atomic<int> done = 0;
  EventLoop loop;
  auto queue = NewDiskThread(loop);
  for (int i = 0; i < 300; ++i) {
    // Asleep, resting, in the middle of something.
    if (i % 3 > 0) std::this_thread::sleep_for(Millis(i % 3 == 1 ? 5 : 1));
    if (i % 7 == 0) queue->Post([&done] { ++done; });
    queue->PostLazily([&done] { ++done; });
    loop.RunFor(Millis(0));
    if (i % 5 > 0) continue;
    const int posted = i + 1 + i / 7 + 1;
    for (int waits = 0; done < posted && waits < 10'000; ++waits) {
      std::this_thread::sleep_for(Millis(1));
    }
    CHECK(done == posted);
  }
  CHECK(queue->Close(Millis(10'000)));
}

TEST_CASE("a delayed function runs when its time has come") {
  struct Signal {
    std::mutex mutex;
    std::condition_variable changed;
    bool ran = false;
  } signal;
  EventLoop loop;
  auto queue = NewDiskThread(loop);
  queue->PostAfter(Millis(1), [&signal] {
    const std::lock_guard lock(signal.mutex);
    signal.ran = true;
    signal.changed.notify_one();
  });
  std::unique_lock lock(signal.mutex);
  CHECK(signal.changed.wait_for(lock, std::chrono::seconds(10), [&signal] { return signal.ran; }));
  lock.unlock();
  CHECK(queue->Close(Millis(10'000)));
}

TEST_CASE("a function that hangs does not hold up the end, and nothing behind it runs") {
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false;
    bool open = false;
    bool left = false;
  };
  const auto gate = std::make_shared<Gate>();
  const auto behind = std::make_shared<std::atomic<bool>>(false);
  EventLoop loop;
  auto queue = NewDiskThread(loop);
  queue->Post([gate] {
    std::unique_lock lock(gate->mutex);
    gate->entered = true;
    gate->changed.notify_all();
    gate->changed.wait(lock, [&gate] { return gate->open; });
    gate->left = true;
    gate->changed.notify_all();
  });
  queue->Post([behind] { *behind = true; });
  loop.RunFor(Millis(0));
  std::unique_lock lock(gate->mutex);
  gate->changed.wait(lock, [&gate] { return gate->entered; });
  lock.unlock();
  CHECK_FALSE(queue->Close(Millis(1)));
  queue.reset();
  lock.lock();
  gate->open = true;
  gate->changed.notify_all();
  gate->changed.wait(lock, [&gate] { return gate->left; });
  CHECK_FALSE(*behind);
}
