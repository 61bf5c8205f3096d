#include "agent/platform/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "agent/platform/logging.h"
#include "agent/platform/result.h"

namespace limpet {
namespace {

constexpr Millis kQuiet{100};
// A directory where something is written all the time must not put the look off for ever.
constexpr Millis kQuietMax{1000};
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO |
                             IN_MOVED_FROM | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

std::string DirectoryOf(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

class DirectoryWatch::State : public std::enable_shared_from_this<State> {
 public:
  State(EventLoop& loop, std::string directory, std::function<void()> on_event,
        Millis look_interval)
      : directory_(std::move(directory)),
        on_event_(std::move(on_event)),
        look_interval_(look_interval),
        events_(loop.context()),
        quiet_timer_(loop),
        look_timer_(loop) {}

  void Start() {
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0) {
      events_.assign(fd);
      WatchDirectory();
      WaitForEvents();
    } else {
      LogWarn("no file events, only a look now and then",
              {{"path", directory_}, {"error", ErrnoError("inotify_init", errno).message}});
    }
    StartLookTimer();
  }

 private:
  // Also called again and again: the directory itself may have been replaced, or appear only later.
  void WatchDirectory() {
    if (!events_.is_open()) return;
    const int watch = ::inotify_add_watch(events_.native_handle(), directory_.c_str(), kEvents);
    if (watch == watch_) return;
    if (watch_ >= 0) ::inotify_rm_watch(events_.native_handle(), watch_);
    watch_ = watch;
  }

  void WaitForEvents() {
    events_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [weak = weak_from_this()](const boost::system::error_code& error) {
                         if (const auto self = weak.lock(); self && !error) self->OnEvents();
                       });
  }

  void OnEvents() {
    // What happened does not matter: the links of a mount change under other names than the file's.
    alignas(inotify_event) char events[4096];
    while (::read(events_.native_handle(), events, sizeof events) > 0) {
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!first_event_) first_event_ = now;
    quiet_timer_.At(std::min(now + kQuiet, *first_event_ + kQuietMax), [this] {
      first_event_.reset();
      Tell();
    });
    WaitForEvents();
  }

  void StartLookTimer() {
    look_timer_.After(look_interval_, [this] {
      const auto self = shared_from_this();
      StartLookTimer();
      WatchDirectory();
      Tell();
    });
  }

  void Tell() {
    // Copied: the call may destroy the watch, and this with it.
    const auto on_event = on_event_;
    on_event();
  }

  const std::string directory_;
  const std::function<void()> on_event_;
  const Millis look_interval_;
  boost::asio::posix::stream_descriptor events_;
  int watch_ = -1;
  std::optional<SteadyTime> first_event_;  // since the last look
  Timer quiet_timer_;
  Timer look_timer_;
};

DirectoryWatch::DirectoryWatch(EventLoop& loop, std::string directory,
                               std::function<void()> on_event, Millis look_interval)
    : state_(
          std::make_shared<State>(loop, std::move(directory), std::move(on_event), look_interval)) {
  state_->Start();
}

DirectoryWatch::~DirectoryWatch() = default;

}  // namespace limpet
