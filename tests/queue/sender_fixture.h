// One sender between a log in memory and a scripted receiver.
#ifndef LIMPET_TESTS_QUEUE_SENDER_FIXTURE_H_
#define LIMPET_TESTS_QUEUE_SENDER_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/sender.h"
#include "tests/queue/fake_log.h"
#include "tests/queue/scripted_receiver.h"
#include "tests/queue/slow_encoder.h"

namespace limpet {

// The machine's clocks, and what a test adds to them.
class ShiftedClock : public Clock {
 public:
  int64_t WallMs() const override { return SystemClock().WallMs() + wall_shift_ms; }
  SteadyTime Now() const override { return SystemClock().Now() + steady_shift; }
  int64_t wall_shift_ms = 0;
  Millis steady_shift{0};
};

constexpr int64_t kTimeMs = 1'700'000'000'000;

// Back-off of milliseconds, batches at once.
RemoteWriteConfig QuickConfig(uint16_t port, const std::string& name = "receiver");

struct SenderFixture {
  explicit SenderFixture(RemoteWriteConfig config);

  // Handles events until it holds; false after 20 s.
  bool RunUntil(const std::function<bool()>& done);
  bool RunUntilAcknowledged(uint64_t scrapes);
  void Start();
  ReceiverStatus status() const { return sender->status(); }

  EventLoop loop;
  ShiftedClock clock;
  FakeLog log;
  WireMemory memory{clock};
  RemoteWriteConfig config;
  Labels external_labels{{"cluster", "test"}};
  std::unique_ptr<Sender> sender;
};

bool RunLoopUntil(EventLoop& loop, const std::function<bool()>& done);

// name{...} as value@timestamp in the order of their arrival, for one series each.
std::map<std::string, std::vector<std::pair<int64_t, double>>> SamplesBySeries(
    const std::vector<ReceivedRequest>& requests);

// What goes to standard error while it lives.
class CapturedStderr {
 public:
  CapturedStderr();
  ~CapturedStderr();
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  std::string Text() const;

 private:
  int saved_;
  int file_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_SENDER_FIXTURE_H_
