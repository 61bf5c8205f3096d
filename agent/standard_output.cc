#include "agent/standard_output.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace limpet {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

}  // namespace

StandardOutput::StandardOutput() { std::signal(SIGPIPE, SIG_IGN); }

bool StandardOutput::Write(std::string_view text) {
  if (!ok()) return false;
  buffer_.append(text);
  if (buffer_.size() >= kBufferBytes) Flush();
  return ok();
}

void StandardOutput::Flush() {
  std::string_view rest = buffer_;
  while (ok() && !rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      errno_ = errno;
    }
  }
  buffer_.clear();
}

int StandardOutput::failure() const { return errno_ == EPIPE ? 0 : errno_; }

}  // namespace limpet
