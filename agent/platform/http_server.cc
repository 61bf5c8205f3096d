#include "agent/platform/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <optional>
#include <set>
#include <utility>

#include "agent/platform/http_target.h"
#include "agent/platform/listen_address.h"
#include "agent/platform/logging.h"

namespace limpet {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// After a failed accept (no descriptors left), until the next.
constexpr Millis kAcceptPause{100};
// What a client that was answered early may still send, and for how long, before it is cut off: a
// close with unread bytes would reset the connection and take the answer with it.
constexpr size_t kDrainBytesMax = 262'144;
constexpr Millis kDrainTimeout{1000};

// The status for what the parser refuses; 0 where nobody is there to be told.
int StatusForReadError(const error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  return error.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

HttpServerResponse ErrorResponse(int status) {
  return {status, "text/plain; charset=utf-8",
          std::string(http::obsolete_reason(static_cast<http::status>(status))) + "\n"};
}

}  // namespace

class HttpServer::State : public std::enable_shared_from_this<State> {
 public:
  class Connection;

  State(EventLoop& event_loop, Handler request_handler, HttpServerLimits server_limits)
      : loop(event_loop),
        handler(std::move(request_handler)),
        limits(server_limits),
        acceptor_(event_loop.context()),
        accept_timer_(event_loop) {}

  Result<void> Listen(const std::string& address);
  void Accept();
  void Close();
  uint16_t port() const { return port_; }
  void Forget(const std::shared_ptr<Connection>& connection) { connections_.erase(connection); }

  EventLoop& loop;
  const Handler handler;
  const HttpServerLimits limits;

 private:
  Result<void> Bind(const tcp::endpoint& endpoint);
  void Add(tcp::socket socket);

  tcp::acceptor acceptor_;
  Timer accept_timer_;
  uint16_t port_ = 0;
  std::set<std::shared_ptr<Connection>> connections_;
};

// Lives as long as an operation of its socket is under way or the server knows it. While it is idle
// it holds a socket and nothing else.
class HttpServer::State::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const std::shared_ptr<State>& server, tcp::socket socket)
      : server_(server),
        limits_(server->limits),
        socket_(std::move(socket)),
        timer_(server->loop),
        buffer_(limits_.head_bytes_max + static_cast<size_t>(limits_.body_bytes_max)) {}

  void WaitForRequest() {
    idle_since_ = std::chrono::steady_clock::now();
    SetDeadline(limits_.idle_timeout);
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& e) {
      if (e) return self->Close();
      self->idle_since_.reset();
      self->Read();
    });
  }

  void Close() {
    timer_.Cancel();
    error_code ignored;
    socket_.close(ignored);
    idle_since_.reset();
    if (const auto server = server_.lock()) server->Forget(shared_from_this());
  }

  std::optional<SteadyTime> idle_since() const { return idle_since_; }

 private:
  void SetDeadline(Millis limit) {
    timer_.After(limit, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Close();
    });
  }

  void Read() {
    parser_.emplace();
    parser_->header_limit(limits_.head_bytes_max);
    parser_->body_limit(limits_.body_bytes_max);
    SetDeadline(limits_.read_timeout);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& e, size_t) { self->OnRead(e); });
  }

  void OnRead(const error_code& error) {
    const auto server = server_.lock();
    if (!server || !socket_.is_open()) return;
    if (error) {
      const int status = StatusForReadError(error);
      if (status == 0) return Close();
      return Write(ErrorResponse(status), 11, false, false);
    }
    const auto& message = parser_->get();
    const std::string_view target(message.target().data(), message.target().size());
    auto parsed = ParseHttpTarget(target);
    // RFC 9112, 3.2: HTTP/1.1 without exactly one Host is answered 400.
    const bool host_fits = message.version() < 11 || message.count(http::field::host) == 1;
    if (!parsed || !host_fits) return Write(ErrorResponse(400), message.version(), false, false);
    HttpServerRequest request;
    request.method = std::string(message.method_string());
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    request.accept_encoding = std::string(message[http::field::accept_encoding]);
    const bool head = message.method() == http::verb::head;
    const bool keep_alive = message.keep_alive();
    const unsigned version = message.version();
    parser_.reset();
    Write(Answer(*server, request), version, keep_alive, head);
  }

  static HttpServerResponse Answer(const State& server, const HttpServerRequest& request) {
    try {
      return server.handler(request);
    } catch (const std::exception& e) {
      LogError("a page failed", {{"path", request.path}, {"error", e.what()}});
      return ErrorResponse(500);
    }
  }

  void Write(HttpServerResponse answer, unsigned version, bool keep_alive, bool head) {
    parser_.reset();
    auto& message = response_.emplace();
    message.version(version);
    message.result(static_cast<unsigned>(answer.status));
    message.set(http::field::content_type, answer.content_type);
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : answer.headers) message.set(name, value);
    message.keep_alive(keep_alive);
    message.content_length(answer.body.size());
    if (!head) message.body() = std::move(answer.body);
    serializer_.emplace(message);
    SetDeadline(limits_.write_timeout);
    const auto done = [self = shared_from_this(), keep_alive](const error_code& e, size_t) {
      self->OnWritten(e, keep_alive);
    };
    if (head) {
      http::async_write_header(socket_, *serializer_, done);
    } else {
      http::async_write(socket_, *serializer_, done);
    }
  }

  void OnWritten(const error_code& error, bool keep_alive) {
    serializer_.reset();
    response_.reset();
    if (error) return Close();
    if (!keep_alive) {
      error_code ignored;
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
      SetDeadline(kDrainTimeout);
      return Drain();
    }
    if (buffer_.size() > 0) return Read();
    buffer_.shrink_to_fit();
    WaitForRequest();
  }

  void Drain() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& e) {
      const auto server = self->server_.lock();
      if (e || !server) return self->Close();
      error_code read_error;
      const std::span<char> scratch = server->loop.scratch();
      self->drained_ +=
          self->socket_.read_some(asio::buffer(scratch.data(), scratch.size()), read_error);
      if (read_error || self->drained_ > kDrainBytesMax) return self->Close();
      self->Drain();
    });
  }

  const std::weak_ptr<State> server_;
  const HttpServerLimits limits_;
  tcp::socket socket_;
  Timer timer_;
  std::optional<SteadyTime> idle_since_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  size_t drained_ = 0;
};

Result<void> HttpServer::State::Listen(const std::string& address) {
  const auto parsed = ParseListenAddress(address);
  if (!parsed) return parsed.error();
  const auto named = [&](const Result<void>& result) -> Result<void> {
    if (result) return {};
    return Error{"listen on " + address + ": " + result.error().message, result.error().code};
  };
  if (parsed->host.empty()) {
    if (Bind({tcp::v6(), parsed->port})) return {};
    return named(Bind({tcp::v4(), parsed->port}));
  }
  error_code error;
  tcp::resolver resolver(loop.context());
  const auto found =
      resolver.resolve(parsed->host, std::to_string(parsed->port), tcp::resolver::passive, error);
  if (error) return named(Error{error.message(), error.value()});
  return named(Bind(found.begin()->endpoint()));
}

Result<void> HttpServer::State::Bind(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.close(error);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.protocol() == tcp::v6()) {
    acceptor_.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error) return Error{error.message(), error.value()};
  return {};
}

void HttpServer::State::Accept() {
  acceptor_.async_accept([weak = weak_from_this()](const error_code& error, tcp::socket socket) {
    const auto self = weak.lock();
    if (!self || !self->acceptor_.is_open()) return;
    if (error) {
      self->accept_timer_.After(kAcceptPause, [weak] {
        if (const auto server = weak.lock()) server->Accept();
      });
      return;
    }
    self->Add(std::move(socket));
    self->Accept();
  });
}

void HttpServer::State::Add(tcp::socket socket) {
  if (connections_.size() >= limits.connections_max) {
    std::shared_ptr<Connection> oldest;
    for (const auto& connection : connections_) {
      if (!connection->idle_since()) continue;
      if (!oldest || *connection->idle_since() < *oldest->idle_since()) oldest = connection;
    }
    if (!oldest) return;
    oldest->Close();
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  connections_.insert(connection);
  connection->WaitForRequest();
}

void HttpServer::State::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  accept_timer_.Cancel();
  const auto connections = std::exchange(connections_, {});
  for (const auto& connection : connections) connection->Close();
}

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(EventLoop& loop, const std::string& address,
                                                       Handler handler, HttpServerLimits limits) {
  auto state = std::make_shared<State>(loop, std::move(handler), limits);
  if (auto listening = state->Listen(address); !listening) return listening.error();
  state->Accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() { state_->Close(); }

uint16_t HttpServer::port() const { return state_->port(); }

std::string HttpServerRequest::Param(std::string_view name) const {
  return QueryParameter(query, name);
}

}  // namespace limpet
