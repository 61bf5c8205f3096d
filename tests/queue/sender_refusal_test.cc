// Receivers that refuse a whole request for the sake of single samples in it.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

// Answers 400 to every request with a sample whose value it refuses, and takes the others.
class PickyReceiver {
 public:
  explicit PickyReceiver(std::function<bool(double)> refuses) : refuses_(std::move(refuses)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~PickyReceiver() {
    Stop();
    close(listener_);
  }
  PickyReceiver(const PickyReceiver&) = delete;
  PickyReceiver& operator=(const PickyReceiver&) = delete;

  uint16_t port() const { return port_; }
  // After it, what came in may be looked at.
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::vector<double> taken;  // values in the order of their arrival

 private:
  bool Readable(int fd) {
    while (!stop_) {
      pollfd ready{fd, POLLIN, 0};
      if (poll(&ready, 1, 20) == 1) return true;
    }
    return false;
  }

  void Serve() {
    while (Readable(listener_)) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      while (ServeRequest(fd)) {
      }
      close(fd);
    }
  }

  // One at a time, as the sender does it.
  bool ServeRequest(int fd) {
    static const std::string kLength = "Content-Length: ";
    std::string bytes;
    size_t head_end = std::string::npos;
    size_t body_size = 0;
    while (head_end == std::string::npos || bytes.size() < head_end + 4 + body_size) {
      if (!Readable(fd)) return false;
      char some[65536];
      const ssize_t size = recv(fd, some, sizeof(some), 0);
      if (size <= 0) return false;
      bytes.append(some, static_cast<size_t>(size));
      head_end = bytes.find("\r\n\r\n");
      if (head_end == std::string::npos) continue;
      const size_t length = bytes.find(kLength);
      if (length < head_end) body_size = std::stoul(bytes.substr(length + kLength.size(), 9));
    }
    const std::string answer = Answer(Take(bytes.substr(head_end + 4)) ? 204 : 400).bytes;
    return send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(answer.size());
  }

  bool Take(const std::string& body) {
    std::vector<double> values;
    const auto request = DecodeBody(body);
    for (const auto& series : request.timeseries()) values.push_back(series.samples(0).value());
    if (std::any_of(values.begin(), values.end(), refuses_)) return false;
    taken.insert(taken.end(), values.begin(), values.end());
    return true;
  }

  const std::function<bool(double)> refuses_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// A back-off would not end before the test gives up.
RemoteWriteConfig PatientConfig(uint16_t port) {
  RemoteWriteConfig config = QuickConfig(port);
  config.queue.min_backoff = config.queue.max_backoff = Millis(3'600'000);
  return config;
}

uint64_t RequestsOf(const ReceiverStatus& status) {
  uint64_t requests = 0;
  for (const auto& [code, count] : status.requests_total) requests += count;
  return requests;
}

TEST_CASE("a sample that is refused costs itself alone, wherever it is in the batch") {
  for (const int bad : {0, 1, 36, 98, 99}) {
    CAPTURE(bad);
    PickyReceiver receiver([&](double value) { return value == bad; });
    SenderFixture f(PatientConfig(receiver.port()));
    f.Start();
    FakeTarget("node", 100).Scrape(f.log, kTimeMs, 0);
    REQUIRE(f.RunUntilAcknowledged(1));
    receiver.Stop();
    std::vector<double> expected;
    for (int i = 0; i < 100; ++i) {
      if (i != bad) expected.push_back(i);
    }
    CHECK(receiver.taken == expected);
    const ReceiverStatus status = f.status();
    CHECK(status.samples_dropped_total == std::map<std::string, uint64_t>{{"http_400", 1}});
    CHECK(status.samples_sent_total == 99);
    CHECK(RequestsOf(status) <= 15);
  }
}

TEST_CASE("refused samples do not make the next batches smaller") {
  PickyReceiver receiver([](double value) { return value == 5; });
  SenderFixture f(PatientConfig(receiver.port()));
  f.Start();
  const FakeTarget target("node", 64);
  target.Scrape(f.log, kTimeMs, 0);
  REQUIRE(f.RunUntilAcknowledged(1));
  const uint64_t before = RequestsOf(f.status());
  target.Scrape(f.log, kTimeMs + 1, 1000);
  REQUIRE(f.RunUntilAcknowledged(2));
  CHECK(RequestsOf(f.status()) == before + 1);
}

TEST_CASE("the new samples in a batch that begins with long refused ones get through") {
  for (const size_t stored : {600u, 501u, 1100u, 1999u}) {
    CAPTURE(stored);
    constexpr size_t kSamples = 2000;
    PickyReceiver receiver([&](double value) { return value < static_cast<double>(stored); });
    SenderFixture f(PatientConfig(receiver.port()));
    f.Start();
    FakeTarget("node", kSamples).Scrape(f.log, kTimeMs, 0);
    REQUIRE(f.RunUntilAcknowledged(1));
    receiver.Stop();
    // All but those of one step at the border.
    CHECK(receiver.taken.size() + (kSamples + 31) / 32 >= kSamples - stored);
    CHECK(std::is_sorted(receiver.taken.begin(), receiver.taken.end()));
    const ReceiverStatus status = f.status();
    CHECK(status.samples_sent_total == receiver.taken.size());
    CHECK(status.samples_dropped_total.at("http_400") == kSamples - receiver.taken.size());
    CHECK(RequestsOf(status) <= 1 + 2 * 64);
  }
}

TEST_CASE("a receiver that refuses everything costs a bounded number of requests a batch") {
  for (const size_t series : {1u, 2u, 63u, 100u, 5000u}) {
    CAPTURE(series);
    PickyReceiver receiver([](double value) { return value < 10'000; });
    SenderFixture f(PatientConfig(receiver.port()));
    f.config.queue.max_samples_per_send = 5000;
    f.Start();
    const FakeTarget target("node", series);
    target.Scrape(f.log, kTimeMs, 0);
    REQUIRE(f.RunUntilAcknowledged(1));
    CHECK(f.status().samples_dropped_total ==
          std::map<std::string, uint64_t>{{"http_400", series}});
    CHECK(RequestsOf(f.status()) <= 1 + 2 * 64);
    CHECK_FALSE(f.status().healthy);
    // It goes on.
    target.Scrape(f.log, kTimeMs + 1, 10'000);
    REQUIRE(f.RunUntilAcknowledged(2));
    CHECK(f.status().samples_sent_total == series);
    CHECK(f.status().healthy);
  }
}

TEST_CASE("samples refused here and there are found until the budget is used up") {
  PickyReceiver receiver([](double value) { return static_cast<int>(value) % 10 == 3; });
  SenderFixture f(PatientConfig(receiver.port()));
  f.Start();
  constexpr size_t kSamples = 1000;
  FakeTarget("node", kSamples).Scrape(f.log, kTimeMs, 0);
  REQUIRE(f.RunUntilAcknowledged(1));
  receiver.Stop();
  CHECK_FALSE(receiver.taken.empty());
  CHECK(std::is_sorted(receiver.taken.begin(), receiver.taken.end()));
  CHECK(f.status().samples_dropped_total.at("http_400") == kSamples - receiver.taken.size());
  CHECK(RequestsOf(f.status()) == 1 + 2 * 64);
}

}  // namespace
}  // namespace limpet
