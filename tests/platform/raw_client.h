// A TCP client that sends and shows bytes as they are, to try what no proper HTTP client would
// send.
//
// Who calls it: tests of servers, from a thread that is not the loop's.
// Limits: every call ends after 10 s of silence at the latest.
#ifndef LIMPET_TESTS_PLATFORM_RAW_CLIENT_H_
#define LIMPET_TESTS_PLATFORM_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace limpet {

// Connects to a port on loopback.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // Until the other side closes, or until the text ends in `end`.
  std::string Receive(std::string_view end = {}) {
    std::string text;
    char chunk[4096];
    while (end.empty() || !text.ends_with(end)) {
      const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
      if (n < 0) text += "<timeout or reset>";
      if (n <= 0) break;
      text.append(chunk, static_cast<size_t>(n));
    }
    return text;
  }

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_PLATFORM_RAW_CLIENT_H_
