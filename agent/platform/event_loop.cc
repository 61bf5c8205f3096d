#include "agent/platform/event_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <utility>

namespace limpet {
namespace {

constexpr size_t kScratchBytes = 64 * 1024;
constexpr int kCallsPerRunFor = 10000;  // callbacks that post themselves must not hold RunFor
constexpr Millis kDelayMax = std::chrono::hours(24 * 365);  // now + delay must not overflow

}  // namespace

struct EventLoop::State {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  std::unique_ptr<char[]> scratch = std::make_unique<char[]>(kScratchBytes);
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
  // A peer that closes while OpenSSL writes to it must be an error of that write, not our death.
  std::signal(SIGPIPE, SIG_IGN);
}

EventLoop::~EventLoop() = default;

void EventLoop::Run() {
  state_->context.run();
  state_->context.restart();
}

void EventLoop::Stop() { state_->context.stop(); }

void EventLoop::Post(std::function<void()> function) {
  boost::asio::post(state_->context, std::move(function));
}

void EventLoop::RunFor(Millis wait) {
  state_->context.restart();
  // Asio's run_one_for takes nothing at all when there is no time to wait.
  if (state_->context.poll_one() == 0 && state_->context.run_one_for(wait) == 0) return;
  for (int calls = 1; calls < kCallsPerRunFor; ++calls) {
    if (state_->context.poll_one() == 0) return;
  }
}

std::span<char> EventLoop::scratch() { return {state_->scratch.get(), kScratchBytes}; }

boost::asio::io_context& EventLoop::context() { return state_->context; }

struct Timer::State : std::enable_shared_from_this<Timer::State> {
  explicit State(EventLoop& loop) : timer(loop.context()) {}

  // What to call on expiry.
  auto Set(std::function<void()> next) {
    function = std::move(next);
    return [weak = weak_from_this(), mine = ++generation] {
      const auto state = weak.lock();
      if (state == nullptr || state->generation != mine) return;
      // Moved out first: the call may destroy the timer or set it again.
      const auto call = std::exchange(state->function, nullptr);
      call();
    };
  }

  boost::asio::steady_timer timer;
  uint64_t generation = 0;  // tells an expiry that was overtaken by a later call
  std::function<void()> function;
};

Timer::Timer(EventLoop& loop) : state_(std::make_shared<State>(loop)) {}

Timer::~Timer() = default;

void Timer::At(SteadyTime when, std::function<void()> function) {
  state_->timer.expires_at(when);
  state_->timer.async_wait([due = state_->Set(std::move(function))](const auto& error) {
    if (!error) due();
  });
}

void Timer::After(Millis delay, std::function<void()> function) {
  if (delay > Millis(0)) {
    return At(std::chrono::steady_clock::now() + std::min(delay, kDelayMax), std::move(function));
  }
  // What is due in the next turn costs no timer of the kernel's.
  state_->timer.cancel();
  boost::asio::post(state_->timer.get_executor(), state_->Set(std::move(function)));
}

void Timer::Cancel() {
  ++state_->generation;
  state_->timer.cancel();
  const auto dropped = std::exchange(state_->function, nullptr);
}

}  // namespace limpet
