#include "tests/scrape/page_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <utility>

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

PageServer::PageServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  Require(listen(listener_, 128) == 0);
  Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  Require(pipe(stop_pipe_) == 0);
  thread_ = std::thread([this] { Serve(); });
}

PageServer::~PageServer() {
  Require(write(stop_pipe_[1], "x", 1) == 1);
  thread_.join();
  for (const Client& client : clients_) close(client.fd);
  close(listener_);
  close(stop_pipe_[0]);
  close(stop_pipe_[1]);
}

void PageServer::SetAnswer(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

std::vector<std::string> PageServer::heads() const {
  const std::lock_guard lock(mutex_);
  return heads_;
}

int PageServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void PageServer::Serve() {
  for (;;) {
    std::vector<pollfd> polled = {{stop_pipe_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Client& client : clients_) polled.push_back({client.fd, POLLIN, 0});
    Require(poll(polled.data(), polled.size(), -1) > 0);
    if (polled[0].revents != 0) return;
    for (size_t i = clients_.size(); i > 0; --i) {
      if (polled[i + 1].revents == 0 || ReadAndAnswer(clients_[i - 1])) continue;
      close(clients_[i - 1].fd);
      clients_.erase(clients_.begin() + static_cast<ptrdiff_t>(i - 1));
    }
    if (polled[1].revents != 0) Accept();
  }
}

void PageServer::Accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  clients_.push_back({fd, ""});
  const std::lock_guard lock(mutex_);
  ++connections_;
}

bool PageServer::ReadAndAnswer(Client& client) {
  char buffer[4096];
  const ssize_t count = read(client.fd, buffer, sizeof buffer);
  if (count <= 0) return false;
  client.received.append(buffer, static_cast<size_t>(count));
  const size_t end = client.received.find("\r\n\r\n");
  if (end == std::string::npos) return true;
  const std::string head = client.received.substr(0, end + 2);
  client.received.erase(0, end + 4);
  std::string answer;
  {
    const std::lock_guard lock(mutex_);
    heads_.push_back(head);
    answer = answer_(head);
  }
  std::string_view rest = answer;
  while (!rest.empty()) {
    const ssize_t sent = send(client.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string HttpAnswerText(std::string_view status, std::string_view headers,
                           std::string_view body) {
  std::string text = "HTTP/1.1 ";
  text += status;
  text += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  text += headers;
  text += "\r\n";
  text += body;
  return text;
}

std::string PageAnswer(std::string_view page) {
  return HttpAnswerText("200 OK", "Content-Type: text/plain; version=0.0.4\r\n", page);
}

std::string GzipPageAnswer(std::string_view page) {
  z_stream stream = {};
  constexpr int kGzipWindowBits = 15 + 16;
  Require(deflateInit2(&stream, 6, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string body(deflateBound(&stream, page.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(page.data()));
  stream.avail_in = static_cast<uInt>(page.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  Require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  body.resize(stream.total_out);
  deflateEnd(&stream);
  return HttpAnswerText("200 OK", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", body);
}

}  // namespace limpet
