#include "agent/platform/http_secret_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "agent/platform/file_system.h"
#include "agent/platform/utf8.h"

namespace limpet {
namespace {

constexpr size_t kSecretBytesMax = 64 * 1024;

std::string Trim(const std::string& text) {
  static constexpr char kSpace[] = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

struct HttpSecretFile::Stamp {
  struct stat status = {};

  bool IsSame(const struct stat& now) const {
    const auto same_time = [](const timespec& a, const timespec& b) {
      return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return status.st_dev == now.st_dev && status.st_ino == now.st_ino &&
           status.st_size == now.st_size && same_time(status.st_mtim, now.st_mtim) &&
           same_time(status.st_ctim, now.st_ctim);
  }
};

HttpSecretFile::HttpSecretFile(std::string what, std::string path)
    : what_(std::move(what)), path_(std::move(path)) {}

HttpSecretFile::~HttpSecretFile() = default;
HttpSecretFile::HttpSecretFile(HttpSecretFile&&) noexcept = default;

Result<const std::string*> HttpSecretFile::Read() {
  struct stat status;
  if (stat(path_.c_str(), &status) != 0) return ErrnoError(what_ + " " + path_, errno);
  if (stamp_ != nullptr && stamp_->IsSame(status)) return &content_;
  auto content = ReadWholeFile(path_, kSecretBytesMax);
  if (!content) return Error{what_ + ": " + content.error().message, content.error().code};
  std::string secret = Trim(*content);
  if (HasControl(secret)) {
    return Error{what_ + " " + path_ + " contains line breaks or control characters"};
  }
  if (stamp_ == nullptr || secret != content_) ++version_;
  content_ = std::move(secret);
  // The status from before the reading: a change in between is seen next time.
  stamp_ = std::make_unique<Stamp>(Stamp{status});
  return &content_;
}

}  // namespace limpet
