// Tells when a mounted file has changed: an edited ConfigMap or Secret.
//
// Who calls it: main, on the loop's thread. Made before the file is read for use, so that no change
// falls between the two. The callback may destroy the watch.
// Operation: the kubelet swaps the link `..data` in the mount's directory, editors rename over the
// file; both are seen by an inotify watch on the directory, and a look every 10 s covers file
// systems without events, links that lead to other directories and a directory that was itself
// replaced. The callback comes at most once per change of content (compared by hash), some 100 ms
// after the last event so that a half-written file is not read. A file that is away or cannot be
// read changes nothing; it counts again when it is back with other content. Limits: of a file
// larger than 16 MiB changes are not seen.
#ifndef LIMPET_AGENT_PLATFORM_FILE_WATCH_H_
#define LIMPET_AGENT_PLATFORM_FILE_WATCH_H_

#include <functional>
#include <memory>
#include <string>

#include "agent/platform/event_loop.h"

namespace limpet {

class FileWatch {
 public:
  FileWatch(EventLoop& loop, std::string path, std::function<void()> on_change,
            Millis look_interval = Millis(10'000));
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_FILE_WATCH_H_
