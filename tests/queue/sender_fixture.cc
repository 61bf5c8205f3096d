#include "tests/queue/sender_fixture.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

namespace limpet {

RemoteWriteConfig QuickConfig(uint16_t port, const std::string& name) {
  RemoteWriteConfig config;
  config.url = ParseUrl("http://127.0.0.1:" + std::to_string(port) + "/api/v1/write").value();
  config.name = name;
  config.protobuf_message = RemoteWriteMessage::kV1;
  config.remote_timeout = Millis(10'000);
  config.queue.batch_send_deadline = Millis(1);
  config.queue.min_backoff = Millis(2);
  config.queue.max_backoff = Millis(8);
  return config;
}

bool RunLoopUntil(EventLoop& loop, const std::function<bool()>& done) {
  const SteadyTime end = SystemClock().Now() + Millis(20'000);
  while (!done()) {
    if (SystemClock().Now() > end) return false;
    loop.RunFor(Millis(2));
  }
  return true;
}

SenderFixture::SenderFixture(RemoteWriteConfig with) : config(std::move(with)) {}

void SenderFixture::Start() {
  sender = std::make_unique<Sender>(loop, clock, memory, config, external_labels,
                                    log.NewReader(config.name), ReceiverStatus());
}

bool SenderFixture::RunUntil(const std::function<bool()>& done) { return RunLoopUntil(loop, done); }

bool SenderFixture::RunUntilAcknowledged(uint64_t scrapes) {
  return RunUntil([&] { return log.acknowledged[config.name] == scrapes; });
}

std::map<std::string, std::vector<std::pair<int64_t, double>>> SamplesBySeries(
    const std::vector<ReceivedRequest>& requests) {
  std::map<std::string, std::vector<std::pair<int64_t, double>>> by_series;
  for (const ReceivedRequest& request : requests) {
    const auto decoded = DecodeBody(request.body);
    for (const auto& series : decoded.timeseries()) {
      auto& samples = by_series[series.labels(0).value()];
      for (const auto& sample : series.samples()) {
        samples.emplace_back(sample.timestamp(), sample.value());
      }
    }
  }
  return by_series;
}

CapturedStderr::CapturedStderr() {
  std::fflush(stderr);
  saved_ = dup(STDERR_FILENO);
  file_ = memfd_create("stderr", MFD_CLOEXEC);
  dup2(file_, STDERR_FILENO);
}

CapturedStderr::~CapturedStderr() {
  std::fflush(stderr);
  dup2(saved_, STDERR_FILENO);
  close(saved_);
  close(file_);
}

std::string CapturedStderr::Text() const {
  std::fflush(stderr);
  std::string text(1 << 16, '\0');
  const ssize_t size = pread(file_, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

}  // namespace limpet
