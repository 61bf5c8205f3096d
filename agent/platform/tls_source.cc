#include "agent/platform/tls_source.h"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "agent/platform/logging.h"

namespace limpet {
namespace {

constexpr Millis kLookEvery{1'000};
constexpr Millis kRetryEvery{5'000};  // of what could not be used and has not changed since

std::string Stamps(const TlsConfig& config) {
  std::string stamps;
  const auto add = [&stamps](int64_t number) { stamps.append(std::to_string(number)) += ','; };
  for (const std::string* path : {&config.ca_file, &config.cert_file, &config.key_file}) {
    struct stat info = {};
    if (!path->empty() && stat(path->c_str(), &info) == 0) {
      add(static_cast<int64_t>(info.st_dev));
      add(static_cast<int64_t>(info.st_ino));
      add(info.st_size);
      add(info.st_mtim.tv_sec);
      add(info.st_mtim.tv_nsec);
      add(info.st_ctim.tv_sec);
      add(info.st_ctim.tv_nsec);
    }
    stamps += ';';
  }
  return stamps;
}

}  // namespace

std::shared_ptr<TlsSource> TlsSource::For(const TlsConfig& config) {
  static std::mutex mutex;
  static std::vector<std::weak_ptr<TlsSource>> sources;
  const std::lock_guard lock(mutex);
  std::erase_if(sources, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : sources) {
    auto source = weak.lock();
    if (source != nullptr && source->config_ == config) return source;
  }
  auto source = std::make_shared<TlsSource>(config);
  sources.push_back(source);
  return source;
}

TlsSource::TlsSource(TlsConfig config)
    : config_(std::move(config)),
      from_files_(!config_.ca_file.empty() || !config_.cert_file.empty() ||
                  !config_.key_file.empty()) {}

Result<std::shared_ptr<const TlsContext>> TlsSource::Get(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const bool due = !looked_ || now - looked_at_ >= kLookEvery;
  if (due && (context_ == nullptr || from_files_)) Look(now);
  if (context_ == nullptr) return error_;
  return context_;
}

void TlsSource::Look(SteadyTime now) {
  // The stamps from before the reading: a change in between is seen next time.
  std::string stamps = Stamps(config_);
  const bool retry = !error_.message.empty() && now - read_at_ >= kRetryEvery;
  const bool changed = !looked_ || stamps != stamps_;
  looked_ = true;
  looked_at_ = now;
  if (!changed && !retry) return;
  stamps_ = std::move(stamps);
  read_at_ = now;
  auto created = TlsContext::Create(config_);
  if (created) {
    if (context_ != nullptr) LogInfo("TLS: changed certificate files are in use");
    context_ = *created;
    error_ = Error();
    return;
  }
  if (context_ != nullptr && error_.message != created.error().message) {
    LogWarn("TLS: changed certificate files cannot be used, the former ones stay",
            {{"error", created.error().message}});
  }
  error_ = created.error();
}

}  // namespace limpet
