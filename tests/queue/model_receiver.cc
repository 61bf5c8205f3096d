#include "tests/queue/model_receiver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "queue/wire_batch.h"
#include "tests/queue/slow_encoder.h"

namespace limpet {
namespace {

std::string HeaderOf(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const size_t start = at + 2 + name.size() + 2;
  return head.substr(start, head.find("\r\n", start) - start);
}

remote_write_v1::WriteRequest Decode(const std::string& body, bool v2) {
  Batch batch;
  batch.body = body;
  batch.protocol = v2 ? WireProtocol::kV2 : WireProtocol::kV1;
  const auto v1 = ToProtocol(batch, WireProtocol::kV1);
  return DecodeBody(v1 ? v1->body : "");
}

}  // namespace

ModelReceiver::ModelReceiver(Behave behave) : behave_(std::move(behave)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no loopback port for the model receiver");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

ModelReceiver::~ModelReceiver() {
  Stop();
  for (const auto& connection : connections_) close(connection->fd);
  close(listener_);
}

void ModelReceiver::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void ModelReceiver::Serve() {
  while (!stop_) {
    std::vector<pollfd> ready = {{listener_, POLLIN, 0}};
    for (const auto& connection : connections_) {
      const short out = connection->out.empty() ? short{0} : short{POLLOUT};
      ready.push_back({connection->fd, static_cast<short>(POLLIN | out), 0});
    }
    if (poll(ready.data(), ready.size(), 20) <= 0) continue;
    for (size_t i = 1; i < ready.size(); ++i) {
      Connection& connection = *connections_[i - 1];
      bool open = true;
      if ((ready[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) open = Read(connection);
      if (open && !connection.out.empty()) open = Write(connection);
      if (open) continue;
      close(connection.fd);
      connection.fd = -1;
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->fd < 0; });
    if ((ready[0].revents & POLLIN) == 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->fd = fd;
    connections_max_ = std::max<size_t>(connections_max_, connections_.size());
  }
}

bool ModelReceiver::Read(Connection& connection) {
  char bytes[65536];
  const ssize_t size = recv(connection.fd, bytes, sizeof(bytes), 0);
  if (size <= 0) return false;
  connection.in.append(bytes, static_cast<size_t>(size));
  return connection.answering || connection.hanging || TakeRequest(connection);
}

bool ModelReceiver::TakeRequest(Connection& connection) {
  const size_t head_end = connection.in.find("\r\n\r\n");
  if (head_end == std::string::npos) return true;
  const std::string head = connection.in.substr(0, head_end + 2);
  const size_t body_size = std::stoul("0" + HeaderOf(head, "Content-Length"));
  if (connection.in.size() < head_end + 4 + body_size) return true;
  const std::string body = connection.in.substr(head_end + 4, body_size);
  connection.in.erase(0, head_end + 4 + body_size);
  ++requests_;
  ModelRequest request;
  request.v2 = HeaderOf(head, "Content-Type").find("v2.Request") != std::string::npos;
  const auto decoded = Decode(body, request.v2);
  for (const auto& one : decoded.timeseries()) {
    const auto histograms = static_cast<uint64_t>(one.histograms_size());
    request.samples += static_cast<uint64_t>(one.samples_size()) + histograms;
    request.histograms += histograms;
  }
  if (request.samples == 0) error = "a request without samples";
  connection.answer = behave_(request);
  if (connection.answer.take) Keep(body, request.v2, connection.answer);
  connection.out = connection.answer.bytes;
  connection.answering = true;
  return !connection.out.empty() || Write(connection);
}

void ModelReceiver::Keep(const std::string& body, bool v2, const ModelAnswer& answer) {
  const auto decoded = Decode(body, v2);
  for (const auto& one : decoded.timeseries()) {
    Taken& taken = series[one.labels(0).value()];
    int64_t last_ms = INT64_MIN;
    const auto take = [&](int64_t timestamp_ms, double value) {
      if (timestamp_ms <= last_ms) error = "samples of a series out of order in a request";
      last_ms = timestamp_ms;
      taken.samples.emplace_back(timestamp_ms, value);
      if (!answer.known) ++taken.unknown[timestamp_ms];
    };
    if (!one.samples().empty() && !one.histograms().empty()) error = "samples and histograms";
    for (const auto& sample : one.samples()) take(sample.timestamp(), sample.value());
    for (const auto& histogram : one.histograms()) take(histogram.timestamp(), histogram.sum());
    taken.histograms += static_cast<uint64_t>(one.histograms_size());
    taken.exemplars += static_cast<uint64_t>(one.exemplars_size());
  }
}

bool ModelReceiver::Write(Connection& connection) {
  if (!connection.out.empty()) {
    const size_t some = connection.answer.trickle ? 1 : connection.out.size();
    const ssize_t size = send(connection.fd, connection.out.data(), some, MSG_NOSIGNAL);
    if (size <= 0) return errno == EAGAIN;
    connection.out.erase(0, static_cast<size_t>(size));
    if (!connection.out.empty()) return true;
  }
  connection.answering = false;
  if (connection.answer.then_reset) {
    const linger now{1, 0};
    setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  connection.hanging = connection.answer.then_hang;
  return !connection.answer.then_close && !connection.answer.then_reset;
}

}  // namespace limpet
