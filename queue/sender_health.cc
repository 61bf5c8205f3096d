#include "queue/sender_health.h"

#include "agent/platform/logging.h"

namespace limpet {

bool SenderHealth::MayLog(std::optional<SteadyTime>& last) {
  const SteadyTime now = clock_.Now();
  if (last && now - *last < kQuiet) return false;
  last = now;
  return true;
}

void SenderHealth::Up() {
  if (recovery_is_news_) {
    LogInfo("remote write works again", {{"receiver", status_.name}, {"url", status_.url}});
  }
  recovery_is_news_ = false;
  status_.healthy = true;
  status_.last_error.clear();
}

void SenderHealth::Down(const std::string& error) {
  const bool news = status_.healthy || status_.last_error != error;
  status_.healthy = false;
  status_.last_error = error;
  if (!news || !MayLog(down_logged_)) return;
  recovery_is_news_ = true;
  LogWarn("remote write fails, samples are kept",
          {{"receiver", status_.name}, {"url", status_.url}, {"error", error}});
}

void SenderHealth::Dropped(const std::string& reason, uint64_t samples, const std::string& error) {
  status_.samples_dropped_total[reason] += samples;
  if (!error.empty()) {
    status_.healthy = false;
    status_.last_error = error;
  }
  dropped_unlogged_ += samples;
  if (!MayLog(dropped_logged_)) return;
  LogWarn("remote write gave samples up", {{"receiver", status_.name},
                                           {"url", status_.url},
                                           {"reason", reason},
                                           {"samples", dropped_unlogged_},
                                           {"error", error}});
  dropped_unlogged_ = 0;
}

}  // namespace limpet
