#include "tests/queue/scripted_receiver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace limpet {

ScriptedAnswer Answer(int status, const std::string& headers, const std::string& body) {
  const std::string length =
      status == 204 ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return {"HTTP/1.1 " + std::to_string(status) + " Scripted\r\n" + headers + length + "\r\n" +
          body};
}

ScriptedReceiver::ScriptedReceiver(std::deque<ScriptedAnswer> script, uint16_t port)
    : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no loopback port for the scripted receiver");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

ScriptedReceiver::~ScriptedReceiver() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

std::vector<ReceivedRequest> ScriptedReceiver::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

size_t ScriptedReceiver::count() const {
  const std::lock_guard lock(mutex_);
  return requests_.size();
}

void ScriptedReceiver::Add(ScriptedAnswer answer) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(answer));
}

void ScriptedReceiver::Release() {
  const std::lock_guard lock(mutex_);
  ++released_;
  released_changed_.notify_all();
}

void ScriptedReceiver::Serve() {
  for (int number = 1; !stop_;) {
    pollfd ready{listener_, POLLIN, 0};
    if (poll(&ready, 1, 20) != 1) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ServeConnection(fd, number++);
    close(fd);
  }
}

void ScriptedReceiver::ServeConnection(int fd, int number) {
  std::string buffer;
  while (!stop_) {
    ReceivedRequest request;
    request.connection = number;
    if (!ReadRequest(fd, buffer, request)) return;
    const ScriptedAnswer answer = NextAnswer();
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    if (!Reply(fd, answer)) return;
  }
}

bool ScriptedReceiver::ReadSome(int fd, std::string& buffer) {
  while (!stop_) {
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, 20) != 1) continue;
    char bytes[65536];
    const ssize_t size = recv(fd, bytes, sizeof(bytes), 0);
    if (size <= 0) return false;
    buffer.append(bytes, static_cast<size_t>(size));
    return true;
  }
  return false;
}

bool ScriptedReceiver::ReadRequest(int fd, std::string& buffer, ReceivedRequest& request) {
  size_t head_end;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadSome(fd, buffer)) return false;
  }
  size_t at = buffer.find("\r\n");
  request.line = buffer.substr(0, at);
  while (at < head_end) {
    const size_t start = at + 2;
    at = buffer.find("\r\n", start);
    const size_t colon = buffer.find(": ", start);
    if (colon > at) continue;
    std::string name = buffer.substr(start, colon - start);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    request.headers[name] += buffer.substr(colon + 2, at - colon - 2);
  }
  const size_t body_size = std::stoul("0" + request.headers["content-length"]);
  while (buffer.size() < head_end + 4 + body_size) {
    if (!ReadSome(fd, buffer)) return false;
  }
  request.body = buffer.substr(head_end + 4, body_size);
  buffer.erase(0, head_end + 4 + body_size);
  return true;
}

ScriptedAnswer ScriptedReceiver::NextAnswer() {
  const std::lock_guard lock(mutex_);
  if (script_.empty()) return Answer(204);
  ScriptedAnswer answer = std::move(script_.front());
  script_.pop_front();
  return answer;
}

bool ScriptedReceiver::Reply(int fd, const ScriptedAnswer& answer) {
  if (answer.after_release) {
    std::unique_lock lock(mutex_);
    while (released_ == 0 && !stop_) {
      released_changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    if (released_ > 0) --released_;
  }
  for (size_t sent = 0; sent < answer.bytes.size();) {
    const ssize_t size =
        send(fd, answer.bytes.data() + sent, answer.bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return false;
    sent += static_cast<size_t>(size);
  }
  if (answer.then_hang) {
    std::string ignored;
    while (ReadSome(fd, ignored)) {
    }
    return false;
  }
  return !answer.then_close;
}

}  // namespace limpet
