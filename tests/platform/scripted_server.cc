#include "tests/platform/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace limpet {
namespace {

int Check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(what);
  return result;
}

int ListenOnLoopback(bool v6, uint16_t& port) {
  sockaddr_in6 address6 = {};
  address6.sin6_family = AF_INET6;
  address6.sin6_addr = in6addr_loopback;
  sockaddr_in address4 = {};
  address4.sin_family = AF_INET;
  address4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const address =
      v6 ? reinterpret_cast<sockaddr*>(&address6) : reinterpret_cast<sockaddr*>(&address4);
  socklen_t size = v6 ? sizeof(address6) : sizeof(address4);
  const int fd = Check(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  Check(bind(fd, address, size), "bind");
  Check(listen(fd, 16), "listen");
  Check(getsockname(fd, address, &size), "getsockname");
  port = ntohs(v6 ? address6.sin6_port : address4.sin_port);
  return fd;
}

}  // namespace

ScriptedPeer::ScriptedPeer(int fd, SSL_CTX* tls) : fd_(fd) {
  const timeval limit = {10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls);
  SSL_set_fd(ssl_, fd);
  SSL_accept(ssl_);  // where it fails, so do the reads
}

ScriptedPeer::~ScriptedPeer() {
  if (ssl_ == nullptr) return;
  if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
  SSL_free(ssl_);
}

size_t ScriptedPeer::ReadSome(char* into, size_t size) {
  const ssize_t count =
      ssl_ != nullptr ? SSL_read(ssl_, into, static_cast<int>(size)) : recv(fd_, into, size, 0);
  return count > 0 ? static_cast<size_t>(count) : 0;
}

std::string ScriptedPeer::ReadHead() {
  std::string head;
  char byte;
  while (!head.ends_with("\r\n\r\n") && ReadSome(&byte, 1) == 1) head += byte;
  return head;
}

std::string ScriptedPeer::ReadBytes(size_t count) {
  std::string bytes(count, '\0');
  size_t size = 0;
  while (size < count) {
    const size_t more = ReadSome(bytes.data() + size, count - size);
    if (more == 0) break;
    size += more;
  }
  bytes.resize(size);
  return bytes;
}

void ScriptedPeer::WaitForClose() {
  char bytes[4096];
  while (ReadSome(bytes, sizeof(bytes)) > 0) {
  }
}

void ScriptedPeer::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ssl_ != nullptr
                              ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                              : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void ScriptedPeer::WriteByteByByte(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) Write(bytes.substr(i, 1));
}

void ScriptedPeer::CloseWithReset() {
  const linger reset = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

void ScriptedPeer::RelayTo(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int to = Check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  bool open = connect(to, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  char bytes[16 * 1024];
  while (open) {
    pollfd ready[2] = {{fd_, POLLIN, 0}, {to, POLLIN, 0}};
    const bool pending = ssl_ != nullptr && SSL_pending(ssl_) > 0;
    if (!pending && poll(ready, 2, 10'000) <= 0) break;
    if (pending || ready[0].revents != 0) {
      const size_t count = ReadSome(bytes, sizeof(bytes));
      open = count > 0 && send(to, bytes, count, MSG_NOSIGNAL) == static_cast<ssize_t>(count);
    } else {
      const ssize_t count = recv(to, bytes, sizeof(bytes), 0);
      open = count > 0;
      if (open) Write({bytes, static_cast<size_t>(count)});
    }
  }
  close(to);
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, SSL_CTX* tls, bool v6)
    : scripts_(std::move(scripts)), tls_(tls), listener_(ListenOnLoopback(v6, port_)) {
  thread_ = std::thread([this] { Serve(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (current_ >= 0) shutdown(current_, SHUT_RDWR);
  }
  thread_.join();
  close(listener_);
}

void ScriptedServer::Serve() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const auto index = static_cast<size_t>(connections_++);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        close(fd);
        return;
      }
      current_ = fd;
    }
    if (index < scripts_.size()) {
      ScriptedPeer peer(fd, tls_);
      scripts_[index](peer);
    }
    const std::lock_guard lock(mutex_);
    current_ = -1;
    close(fd);
  }
}

uint16_t UnusedPort() {
  uint16_t port = 0;
  close(ListenOnLoopback(false, port));
  return port;
}

}  // namespace limpet
