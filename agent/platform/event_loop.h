// The event loop that all network work and parsing runs on, and its timers.
//
// Who calls it: main owns one loop and runs it; everyone else gets a reference. Post and Stop may
// be called from any thread, everything else only on the loop's own thread (or before Run).
// Limits: a callback must not block; work on files that can stall goes to a thread of its own.
//
//   EventLoop loop;
//   Timer tick(loop);
//   tick.After(Millis(100), [&] { loop.Stop(); });
//   loop.Run();
#ifndef LIMPET_AGENT_PLATFORM_EVENT_LOOP_H_
#define LIMPET_AGENT_PLATFORM_EVENT_LOOP_H_

#include <functional>
#include <memory>
#include <span>

#include "agent/platform/clock.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace limpet {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop, even when there is nothing to do.
  void Run();
  void Stop();
  // Runs the function on the loop's thread, later, in the order of the calls.
  void Post(std::function<void()> function);
  // Handles what is ready now, waiting at most `wait` for the first event. For tests and shutdown.
  void RunFor(Millis wait);

  // 64 KiB that any callback may use while it runs, and no longer: socket reads land here, so that
  // an idle connection holds no buffer.
  std::span<char> scratch();

  // For platform/ alone.
  boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One pending call at a time. A timer that is destroyed, cancelled or set again does not fire for
// what was set before, not even when that had expired already.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void At(SteadyTime when, std::function<void()> function);
  void After(Millis delay, std::function<void()> function);
  void Cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_EVENT_LOOP_H_
