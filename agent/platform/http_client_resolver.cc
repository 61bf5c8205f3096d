#include "agent/platform/http_client_resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace limpet {
namespace {

constexpr size_t kThreadsMax = 4;
constexpr size_t kNamesMax = 1024;
constexpr size_t kAddressesMax = 16;

using Done = std::function<void(const Result<HostAddresses>&)>;

// The way back to a loop, closed when the loop goes.
struct LoopGate {
  std::mutex mutex;
  boost::asio::io_context* context = nullptr;
};

class LoopGateService final : public boost::asio::execution_context::service {
 public:
  using key_type = LoopGateService;
  static inline boost::asio::execution_context::id id;

  explicit LoopGateService(boost::asio::execution_context& context) : service(context) {
    gate->context = static_cast<boost::asio::io_context*>(&context);
  }
  const std::shared_ptr<LoopGate> gate = std::make_shared<LoopGate>();

 private:
  void shutdown() override {
    const std::lock_guard lock(gate->mutex);
    gate->context = nullptr;
  }
};

struct Waiter {
  std::shared_ptr<LoopGate> gate;
  std::weak_ptr<const void> owner;
  Done done;
};

Result<HostAddresses> LookUp(const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const int system_error = errno;
  if (failed == EAI_SYSTEM) return ErrnoError("resolve " + host, system_error);
  if (failed != 0) return Error{"resolve " + host + ": " + gai_strerror(failed)};
  HostAddresses addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (addresses.size() < kAddressesMax &&
        getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  freeaddrinfo(list);
  if (addresses.empty()) return Error{"resolve " + host + ": no addresses"};
  return addresses;
}

class Resolver {
 public:
  void Ask(const std::string& host, Waiter waiter) {
    const std::lock_guard lock(mutex_);
    const auto known = waiting_.find(host);
    if (known != waiting_.end()) return known->second.push_back(std::move(waiter));
    if (waiting_.size() >= kNamesMax) {
      return Tell(waiter, Error{"resolve " + host + ": too many names are being looked up"});
    }
    if (idle_ <= queue_.size() && threads_.size() < kThreadsMax) {
      try {
        threads_.emplace_back([this] { Run(); });
      } catch (const std::system_error& error) {
        if (threads_.empty()) {
          return Tell(waiter, Error{"resolve " + host + ": " + error.what(), EAGAIN});
        }
      }
    }
    waiting_[host].push_back(std::move(waiter));
    queue_.push_back(host);
    ready_.notify_one();
  }

 private:
  static void Tell(const Waiter& waiter, const Result<HostAddresses>& result) {
    const std::lock_guard lock(waiter.gate->mutex);
    if (waiter.gate->context == nullptr) return;
    boost::asio::post(*waiter.gate->context, [done = waiter.done, result] { done(result); });
  }

  bool IsWanted(const std::string& host) {
    const auto& waiters = waiting_[host];
    return std::any_of(waiters.begin(), waiters.end(),
                       [](const Waiter& waiter) { return !waiter.owner.expired(); });
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      ready_.wait(lock, [this] { return !queue_.empty(); });
      --idle_;
      const std::string host = std::move(queue_.front());
      queue_.pop_front();
      if (!IsWanted(host)) {
        waiting_.erase(host);
        continue;
      }
      lock.unlock();
      const Result<HostAddresses> result = LookUp(host);
      lock.lock();
      const auto waiters = std::move(waiting_[host]);
      waiting_.erase(host);
      lock.unlock();
      for (const Waiter& waiter : waiters) Tell(waiter, result);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::string> queue_;                       // names that no thread has taken yet
  std::map<std::string, std::vector<Waiter>> waiting_;  // by name, also while it is looked up
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
};

}  // namespace

void ResolveHost(EventLoop& loop, const std::string& host, std::weak_ptr<const void> owner,
                 std::function<void(const Result<HostAddresses>&)> done) {
  // Never destroyed: its threads may be in the middle of a look-up when the process ends.
  static Resolver& resolver = *new Resolver();
  const auto& service = boost::asio::use_service<LoopGateService>(loop.context());
  resolver.Ask(host, Waiter{service.gate, std::move(owner), std::move(done)});
}

}  // namespace limpet
