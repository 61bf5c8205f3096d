// Tells when something in a directory may have changed.
//
// Who calls it: FileWatch, and whoever reads files by a pattern (see path_pattern.h); on the loop's
// thread. The callback may destroy the watch.
// Operation: inotify events of the directory itself (not of those in it), some 100 ms after the
// last of them so that a half-written file is not read, and at most 1 s after the first; and a look
// now and then, which covers file systems without events, links that lead to other directories and
// a directory that was itself replaced or appears only later. What has changed, if anything, is for
// the callback to find out.
#ifndef LIMPET_AGENT_PLATFORM_DIRECTORY_WATCH_H_
#define LIMPET_AGENT_PLATFORM_DIRECTORY_WATCH_H_

#include <functional>
#include <memory>
#include <string>

#include "agent/platform/event_loop.h"

namespace limpet {

class DirectoryWatch {
 public:
  static constexpr Millis kLookInterval{10'000};

  DirectoryWatch(EventLoop& loop, std::string directory, std::function<void()> on_event,
                 Millis look_interval = kLookInterval);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  class State;
  std::shared_ptr<State> state_;
};

// The directory that a path lies in: "." where the path names none.
std::string DirectoryOf(const std::string& path);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_DIRECTORY_WATCH_H_
