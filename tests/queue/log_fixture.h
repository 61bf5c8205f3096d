// A log on a file system in memory, with a disk queue that runs when told to, a clock that stands,
// and scrapes that can be told apart.
//
// Who calls it: the log's tests.
#ifndef LIMPET_TESTS_QUEUE_LOG_FIXTURE_H_
#define LIMPET_TESTS_QUEUE_LOG_FIXTURE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/log_impl.h"
#include "queue/record.h"
#include "tests/queue/memory_file_system.h"
#include "tests/queue/owned_attachments.h"

namespace limpet {

class StandingClock : public Clock {
 public:
  int64_t WallMs() const override { return wall_ms; }
  SteadyTime Now() const override { return now; }
  void Advance(Millis by) {
    wall_ms += by.count();
    now += by;
  }
  int64_t wall_ms = 1'700'000'000'000;
  SteadyTime now{};
};

// What waits for the disk, in the test's hands. Shared, because the log owns its DiskQueue.
struct DiskWork {
  std::deque<std::function<void()>> ready;
  std::multimap<int64_t, std::function<void()>> delayed;  // by time in ms
  int64_t now_ms = 0;
  bool hung = false;  // Close finds it so
  int at_once = 0;    // so many are run when they are posted, before what comes behind them

  bool RunOne();
  void Advance(Millis by);
};
std::unique_ptr<DiskQueue> NewManualQueue(std::shared_ptr<DiskWork> work);

// Everything that a ScrapeView shows, owned.
struct TestScrape {
  std::shared_ptr<const SeriesBlock> layout;
  std::shared_ptr<const LogTarget> target;
  int64_t timestamp_ms = 0;
  std::vector<uint32_t> series;
  std::vector<double> values;
  std::vector<int64_t> timestamps;
  OwnedAttachments attachments;

  ScrapeView View() const {
    return attachments.Show({layout, target, timestamp_ms, series, values, timestamps});
  }
};
// Labels by content, values by bits.
bool Same(const TestScrape& expected, const ScrapeView& view);

std::shared_ptr<const SeriesBlock> MakeLayout(const std::string& tag, size_t series);
std::shared_ptr<const LogTarget> MakeTarget(const std::string& instance);
// Scrapes of 20 series whose first value is `sequence` and whose others depend on it. Some have
// native histograms, some exemplars.
TestScrape MakeScrape(uint64_t sequence, int targets = 3);
// One of a target of its own, of values that take their full nine bytes each.
TestScrape MakeLargeScrape(size_t series);
uint64_t SequenceOf(const ScrapeView& view);

// What a reader gave out, in the log's order again; checks that within a window targets come one
// after the other and each in order.
class Collected {
 public:
  explicit Collected(const LogReader& reader) : position_(reader.position()) {}
  void Add(const LogReader& reader, const ScrapeView& view);
  std::vector<uint64_t> sequences;

 private:
  LogPosition position_;
  size_t window_begin_ = 0;
  std::vector<uint64_t> keys_;  // of the window
};

// Whether a reader that was at `before` has come to a window's end. It also moves to where a
// segment begins, when there is nothing before it any more.
inline bool AtWindowEnd(const LogReader& reader, LogPosition before) {
  return reader.position() != before && reader.position().offset > kSegmentHeaderBytes;
}

class LogFixture {
 public:
  LogFixture();
  ~LogFixture();

  void Open();
  // As a process ends well.
  void CloseLog();
  // As it does not: nothing that waits for the disk is done any more.
  void Kill();
  void CutPower(std::mt19937& random);

  // Until neither the loop nor the disk has anything ready.
  void Settle();
  void RunLoop();
  void Advance(Millis by);

  void Append(uint64_t sequence);
  // With a disk that keeps up.
  void AppendAll(uint64_t begin, uint64_t end);
  // Reads so many scrapes, which are there, and on to the window's end; how many it were.
  uint64_t Take(LogReader& reader, uint64_t scrapes);
  // The sequences that a reader has for now, each compared with what was appended.
  std::vector<uint64_t> ReadAll(LogReader& reader, bool acknowledge = true);

  StandingClock clock;
  MemoryFileSystem files;
  EventLoop loop;
  std::shared_ptr<DiskWork> disk;
  LogOptions options;
  std::unique_ptr<Log> log;
};

// a, a+1, ... b-1
std::vector<uint64_t> Range(uint64_t begin, uint64_t end);

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_LOG_FIXTURE_H_
