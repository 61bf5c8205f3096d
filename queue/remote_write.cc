#include "queue/remote_write.h"

#include <algorithm>

#include "queue/sender.h"

namespace limpet {
namespace {

constexpr Millis kExpirePeriod{60'000};

}  // namespace

class RemoteWrite::Impl {
 public:
  Impl(EventLoop& loop, const Clock& clock, Log& log)
      : loop_(loop), clock_(clock), log_(log), memory_(clock), expire_(loop) {
    ExpireCaches();
  }

  void Apply(const std::vector<RemoteWriteConfig>& receivers, const Labels& external_labels) {
    std::vector<std::string> names;
    for (const RemoteWriteConfig& config : receivers) names.push_back(config.name);
    std::vector<std::unique_ptr<Sender>> before = std::move(senders_);
    senders_.clear();
    std::erase_if(before, [&](const auto& sender) {
      return std::find(names.begin(), names.end(), sender->config().name) == names.end();
    });
    log_.KeepOnly(names);
    for (const RemoteWriteConfig& config : receivers) {
      const auto found = std::find_if(before.begin(), before.end(), [&](const auto& sender) {
        return sender && sender->config().name == config.name;
      });
      std::unique_ptr<Sender> sender;
      if (found != before.end()) sender = std::move(*found);
      senders_.push_back(Continue(std::move(sender), config, external_labels));
    }
    reload_ = true;
  }

  std::vector<ReceiverStatus> Status() const {
    std::vector<ReceiverStatus> statuses;
    for (const auto& sender : senders_) statuses.push_back(sender->status());
    return statuses;
  }

 private:
  std::unique_ptr<Sender> Continue(std::unique_ptr<Sender> sender, const RemoteWriteConfig& config,
                                   const Labels& external_labels) {
    if (sender && sender->config() == config) {
      sender->SetExternalLabels(external_labels);
      return sender;
    }
    ReceiverStatus status;
    std::unique_ptr<LogReader> reader;
    if (sender) {
      reader = sender->TakeReader();
      status = sender->counts();
    } else {
      // One that is there at the start may have lost its cursor, or never had one saved.
      const bool now = reload_ && config.start_at == ReceiverStart::kNow;
      reader = log_.NewReader(config.name, now ? ReaderStart::kNow : ReaderStart::kOldest);
    }
    return std::make_unique<Sender>(loop_, clock_, memory_, config, external_labels,
                                    std::move(reader), std::move(status));
  }

  void ExpireCaches() {
    memory_.plans.Expire();
    for (const auto& sender : senders_) sender->ExpireCaches();
    expire_.After(kExpirePeriod, [this] { ExpireCaches(); });
  }

  EventLoop& loop_;
  const Clock& clock_;
  Log& log_;
  WireMemory memory_;
  Timer expire_;
  std::vector<std::unique_ptr<Sender>> senders_;
  bool reload_ = false;  // Apply was called before
};

RemoteWrite::RemoteWrite(EventLoop& loop, const Clock& clock, Log& log)
    : impl_(std::make_unique<Impl>(loop, clock, log)) {}

RemoteWrite::~RemoteWrite() = default;

void RemoteWrite::Apply(const std::vector<RemoteWriteConfig>& receivers,
                        const Labels& external_labels) {
  impl_->Apply(receivers, external_labels);
}

std::vector<ReceiverStatus> RemoteWrite::Status() const { return impl_->Status(); }

}  // namespace limpet
