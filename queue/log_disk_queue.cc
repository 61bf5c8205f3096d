#include "queue/log_disk_queue.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace limpet {
namespace {

using Steady = std::chrono::steady_clock;

constexpr Millis kRest{2};

enum class ThreadState : uint8_t {
  kRuns,
  kRests,   // waits for more of what it has just done; looks again by itself
  kSleeps,  // until it is woken
};

// Shared by the queue and its thread, so that either may outlive the other.
struct Shared {
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable ended;
  std::deque<std::function<void()>> ready;
  std::multimap<SteadyTime, std::function<void()>> delayed;
  ThreadState state = ThreadState::kRuns;
  bool wakes = false;   // the loop is about to wake the thread; the loop's thread alone
  bool urgent = false;  // from a rest, too; the loop's thread alone
  bool closing = false;
  bool abandoned = false;
  bool done = false;
};

// The next function, or none when the thread is to end.
std::function<void()> TakeNext(Shared& shared, bool rested) {
  std::unique_lock lock(shared.mutex);
  for (;;) {
    shared.state = ThreadState::kRuns;
    if (shared.abandoned) return nullptr;
    if (!shared.delayed.empty() && shared.delayed.begin()->first <= Steady::now()) {
      shared.ready.push_back(std::move(shared.delayed.begin()->second));
      shared.delayed.erase(shared.delayed.begin());
      continue;
    }
    if (!shared.ready.empty()) {
      std::function<void()> next = std::move(shared.ready.front());
      shared.ready.pop_front();
      return next;
    }
    if (shared.closing) return nullptr;
    shared.state = rested ? ThreadState::kSleeps : ThreadState::kRests;
    if (!std::exchange(rested, true)) {
      shared.work.wait_for(lock, kRest);
    } else if (shared.delayed.empty()) {
      shared.work.wait(lock);
    } else {
      const SteadyTime first = shared.delayed.begin()->first;
      shared.work.wait_until(lock, first);
    }
  }
}

void RunThread(const std::shared_ptr<Shared>& shared) {
  pthread_setname_np(pthread_self(), "limpet-log");
  bool rested = true;
  while (std::function<void()> next = TakeNext(*shared, rested)) {
    next();
    rested = false;
  }
  const std::lock_guard lock(shared->mutex);
  shared->done = true;
  shared->ended.notify_all();
}

// Threads that hang in the file system; never destroyed, because that would wait or end the
// process.
std::vector<std::thread>& AbandonedThreads() {
  static auto* threads = new std::vector<std::thread>;
  return *threads;
}

class DiskThread : public DiskQueue {
 public:
  explicit DiskThread(EventLoop& loop)
      : loop_(loop),
        shared_(std::make_shared<Shared>()),
        thread_([s = shared_] { RunThread(s); }) {}
  ~DiskThread() override { Close(Millis(0)); }
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  void Post(std::function<void()> function) override {
    shared_->urgent = true;
    PostLazily(std::move(function));
  }

  // Waking a thread costs more than most of what it is woken for: once for all of a turn, and not
  // where it will look by itself.
  void PostLazily(std::function<void()> function) override {
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->closing) return;
      shared_->ready.push_back(std::move(function));
    }
    if (std::exchange(shared_->wakes, true)) return;
    loop_.Post([shared = shared_] {
      shared->wakes = false;
      const bool urgent = std::exchange(shared->urgent, false);
      const std::lock_guard lock(shared->mutex);
      if (shared->state == ThreadState::kSleeps || urgent) shared->work.notify_one();
    });
  }

  void PostAfter(Millis delay, std::function<void()> function) override {
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->closing) return;
      shared_->delayed.emplace(Steady::now() + delay, std::move(function));
    }
    shared_->work.notify_one();
  }

  bool Close(Millis limit) override {
    if (!thread_.joinable()) return true;
    std::deque<std::function<void()>> never_run;
    bool done;
    {
      std::unique_lock lock(shared_->mutex);
      shared_->closing = true;
      shared_->delayed.clear();
      shared_->work.notify_one();
      done = shared_->ended.wait_for(lock, limit, [this] { return shared_->done; });
      shared_->abandoned = !done;
      if (!done) never_run.swap(shared_->ready);
    }
    if (done) {
      thread_.join();
    } else {
      AbandonedThreads().push_back(std::move(thread_));
    }
    return done;
  }

 private:
  EventLoop& loop_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<DiskQueue> NewDiskThread(EventLoop& loop) {
  return std::make_unique<DiskThread>(loop);
}

}  // namespace limpet
