#include "agent/platform/file_watch.h"

#include <xxhash.h>

#include <optional>
#include <utility>

#include "agent/platform/directory_watch.h"
#include "agent/platform/file_system.h"

namespace limpet {
namespace {

constexpr size_t kFileBytesMax = 16 << 20;

std::optional<uint64_t> HashOfFile(const std::string& path) {
  const auto text = ReadWholeFile(path, kFileBytesMax);
  if (!text) return std::nullopt;
  return XXH3_64bits(text->data(), text->size());
}

}  // namespace

class FileWatch::State {
 public:
  State(EventLoop& loop, std::string path, std::function<void()> on_change, Millis look_interval)
      : path_(std::move(path)),
        on_change_(std::move(on_change)),
        watch_(
            loop, DirectoryOf(path_), [this] { Look(); }, look_interval),
        // Behind the watch, so that a change is either in the hash or an event.
        hash_(HashOfFile(path_)) {}

 private:
  void Look() {
    const auto hash = HashOfFile(path_);
    if (!hash || hash == hash_) return;
    hash_ = hash;
    // Copied: the call may destroy the watch, and this with it.
    const auto on_change = on_change_;
    on_change();
  }

  const std::string path_;
  const std::function<void()> on_change_;
  const DirectoryWatch watch_;
  std::optional<uint64_t> hash_;
};

FileWatch::FileWatch(EventLoop& loop, std::string path, std::function<void()> on_change,
                     Millis look_interval)
    : state_(std::make_unique<State>(loop, std::move(path), std::move(on_change), look_interval)) {}

FileWatch::~FileWatch() = default;

}  // namespace limpet
