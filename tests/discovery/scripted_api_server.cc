#include "tests/discovery/scripted_api_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace limpet {
namespace {

std::string DecodePercent(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      int value = 0;
      std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

ApiRequest ParseRequest(std::string_view head) {
  ApiRequest request;
  const auto line = [&head] {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view text = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    return text;
  };
  const std::string_view first = line();
  const size_t space = first.find(' ');
  request.method = first.substr(0, space);
  request.raw_target = first.substr(space + 1, first.rfind(' ') - space - 1);
  const std::string_view target = request.raw_target;
  const size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  for (size_t at = mark + 1; at < target.size();) {
    const size_t end = std::min(target.find('&', at), target.size());
    const std::string_view pair = target.substr(at, end - at);
    const size_t equals = pair.find('=');
    request.query[DecodePercent(pair.substr(0, equals))] = DecodePercent(pair.substr(equals + 1));
    at = end + 1;
  }
  while (!head.empty()) {
    const std::string_view field = line();
    const size_t colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(field.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = field.substr(field.find_first_not_of(" ", colon + 1));
  }
  return request;
}

}  // namespace

ScriptedApiServer::ScriptedApiServer() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listener_, 16) == 0);
  REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

ScriptedApiServer::~ScriptedApiServer() {
  for (const auto& connection : connections_) close(connection->socket);
  close(listener_);
}

void ScriptedApiServer::Answer(std::string bytes, bool close) {
  replies_.push_back({std::move(bytes), close});
}

ScriptedApiServer::Connection& ScriptedApiServer::Serving(size_t request) {
  REQUIRE(request < served_.size());
  REQUIRE(served_[request] != nullptr);
  return *served_[request];
}

void ScriptedApiServer::Send(std::string_view bytes) { SendTo(served_.size() - 1, bytes); }

void ScriptedApiServer::SendTo(size_t request, std::string_view bytes) {
  Serving(request).unsent.append(bytes);
}

void ScriptedApiServer::Close() { CloseAt(served_.size() - 1); }

void ScriptedApiServer::CloseAt(size_t request) { Serving(request).close_when_sent = true; }

size_t ScriptedApiServer::waiting() const {
  size_t count = 0;
  for (const auto& connection : connections_) count += connection->unanswered;
  return count;
}

void ScriptedApiServer::Pump() {
  for (int socket; (socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->socket = socket;
  }
  for (const auto& connection : connections_) {
    Read(*connection);
    while (connection->unanswered > 0 && !replies_.empty()) {
      --connection->unanswered;
      connection->unsent += replies_.front().bytes;
      connection->close_when_sent |= replies_.front().close;
      replies_.pop_front();
    }
    Write(*connection);
  }
  std::erase_if(connections_, [this](const auto& connection) {
    if (connection->socket < 0)
      std::replace(served_.begin(), served_.end(), connection.get(),
                   static_cast<Connection*>(nullptr));
    return connection->socket < 0;
  });
}

void ScriptedApiServer::Read(Connection& connection) {
  char buffer[4096];
  ssize_t got = 0;
  while ((got = recv(connection.socket, buffer, sizeof buffer, 0)) > 0) {
    connection.received.append(buffer, static_cast<size_t>(got));
  }
  for (size_t end; (end = connection.received.find("\r\n\r\n")) != std::string::npos;) {
    ApiRequest request = ParseRequest(std::string_view(connection.received).substr(0, end));
    const auto length = request.headers.find("content-length");
    const size_t bytes = length == request.headers.end() ? 0 : std::stoul(length->second);
    if (connection.received.size() - end - 4 < bytes) break;
    request.body = connection.received.substr(end + 4, bytes);
    requests_.push_back(std::move(request));
    connection.received.erase(0, end + 4 + bytes);
    ++connection.unanswered;
    served_.push_back(&connection);
  }
  if (got == 0) {
    close(connection.socket);
    connection.socket = -1;
    connection.unanswered = 0;
  }
}

void ScriptedApiServer::Write(Connection& connection) {
  if (connection.socket < 0) return;
  const ssize_t sent =
      send(connection.socket, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
  if (sent > 0) connection.unsent.erase(0, static_cast<size_t>(sent));
  if (connection.unsent.empty() && connection.close_when_sent) {
    close(connection.socket);
    connection.socket = -1;
    connection.unanswered = 0;
  }
}

std::string JsonAnswer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: application/json\r\n" +
         headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string WatchAnswer() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string Chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size).append(bytes).append("\r\n");
}

}  // namespace limpet
