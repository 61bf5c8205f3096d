// A remote-write receiver that is fast, counts what it is given, and knows both protocols.
//
//   remote_write_sink 127.0.0.1:PORT [--strict] [--takes 1|2|both] [--swallows-2]
//
// POST to any path writes; GET /stats answers counts by path as JSON, GET /export the samples that
// were kept (with --strict), one series a line. Requests of 2.0 are answered with the counts that
// were written. --strict checks every rule of the specifications and answers 400 with the one that
// was broken. One thread, epoll; ends with SIGTERM. Limits: 1 MiB a head, 256 MiB a body.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>

#include "tests/bench/sink_receiver.h"

namespace limpet {
namespace {

constexpr size_t kHeadBytesMax = 1u << 20;
constexpr size_t kBodyBytesMax = 256u << 20;

struct Connection {
  std::string in;
  std::string out;
  size_t expected = 0;  // bytes of the request at hand, once its head is there
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

struct Head {
  std::string method;
  SinkRequest request;
  size_t body_bytes = 0;
};

std::optional<Head> ParseHead(std::string_view text) {
  Head head;
  const size_t line_end = text.find("\r\n");
  const size_t space = text.find(' ');
  const size_t second = text.find(' ', space + 1);
  if (space > line_end || second > line_end) return std::nullopt;
  head.method = text.substr(0, space);
  head.request.path = text.substr(space + 1, second - space - 1);
  for (size_t at = line_end + 2; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    if (end == at || end == std::string_view::npos) break;
    const std::string_view line = text.substr(at, end - at);
    at = end + 2;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    head.request.headers[Lower(line.substr(0, colon))] = value;
  }
  if (head.request.headers.contains("transfer-encoding")) return std::nullopt;
  if (const auto length = head.request.headers.find("content-length");
      length != head.request.headers.end()) {
    const std::string& digits = length->second;
    const auto read =
        std::from_chars(digits.data(), digits.data() + digits.size(), head.body_bytes);
    if (read.ec != std::errc() || head.body_bytes > kBodyBytesMax) return std::nullopt;
  }
  return head;
}

class Server {
 public:
  Server(int listener, SinkReceiver& receiver) : listener_(listener), receiver_(receiver) {
    Watch(listener_, EPOLLIN);
  }

  void Run() {
    while (true) {
      epoll_event events[64];
      const int count = epoll_wait(epoll_, events, 64, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_) {
          Accept();
        } else if (!Serve(events[i].data.fd, connections_.at(events[i].data.fd))) {
          close(events[i].data.fd);
          connections_.erase(events[i].data.fd);
        }
      }
    }
  }

 private:
  void Watch(int fd, uint32_t what, int how = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(epoll_, how, fd, &event);
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd];
    Watch(fd, EPOLLIN);
  }

  // False where the connection is at its end.
  bool Serve(int fd, Connection& connection) {
    static char buffer[1 << 20];
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    if (got > 0) connection.in.append(buffer, static_cast<size_t>(got));
    while (connection.in.size() >= std::max<size_t>(connection.expected, 4)) {
      const size_t head_end = connection.in.find("\r\n\r\n");
      if (head_end == std::string::npos) {
        if (connection.in.size() > kHeadBytesMax) return false;
        break;
      }
      std::optional<Head> head = ParseHead({connection.in.data(), head_end + 4});
      if (!head) return false;
      connection.expected = head_end + 4 + head->body_bytes;
      if (connection.in.size() < connection.expected) break;
      head->request.body = connection.in.substr(head_end + 4, head->body_bytes);
      connection.in.erase(0, connection.expected);
      connection.expected = 0;
      connection.out += Answer(std::move(*head));
    }
    return Flush(fd, connection);
  }

  std::string Answer(Head head) {
    SinkAnswer answer;
    if (head.method == "POST") {
      answer = receiver_.Write(std::move(head.request));
    } else if (head.request.path == "/stats") {
      answer = {200, "Content-Type: application/json\r\n", receiver_.StatsJson()};
    } else if (head.request.path == "/export") {
      answer = {200, "Content-Type: application/json\r\n", receiver_.Export()};
    } else {
      answer = {404, "", "nothing is here\n"};
    }
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " .\r\n" + answer.headers;
    if (answer.status != 204) {
      out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    }
    return out + "\r\n" + answer.body;
  }

  bool Flush(int fd, Connection& connection) const {
    if (!connection.out.empty()) {
      const ssize_t sent =
          send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) connection.out.erase(0, static_cast<size_t>(sent));
    }
    Watch(fd, connection.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    return true;
  }

  const int epoll_ = epoll_create1(0);
  const int listener_;
  SinkReceiver& receiver_;
  std::unordered_map<int, Connection> connections_;
};

int Listen(const char* address, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) return -1;
  if (bind(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 || listen(fd, 1024) != 0)
    return -1;
  return fd;
}

int Main(int argc, char** argv) {
  SinkOptions options;
  std::string address;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--strict") {
      options.strict = true;
    } else if (argument == "--swallows-2") {
      options.swallows_2 = true;
    } else if (argument == "--takes" && i + 1 < argc) {
      const std::string which = argv[++i];
      options.takes_1 = which != "2";
      options.takes_2 = which != "1";
    } else {
      address = argument;
    }
  }
  int port = 0;
  const size_t colon = address.find(':');
  if (colon != std::string::npos) {
    std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  }
  const int listener = port > 0 ? Listen(address.substr(0, colon).c_str(), port) : -1;
  if (listener < 0) {
    std::fprintf(stderr,
                 "usage: remote_write_sink 127.0.0.1:PORT [--strict] [--takes 1|2|both] "
                 "[--swallows-2]: cannot listen on '%s': %s\n",
                 address.c_str(), std::strerror(errno));
    return 2;
  }
  SinkReceiver receiver(options);
  Server(listener, receiver).Run();
  return 0;
}

}  // namespace
}  // namespace limpet

int main(int argc, char** argv) { return limpet::Main(argc, argv); }
