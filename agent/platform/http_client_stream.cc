#include "agent/platform/http_client_stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace limpet {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

bool IsNumericAddress(const std::string& host) {
  error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

bool MeansClosed(int errno_value) {
  return errno_value == ECONNRESET || errno_value == EPIPE || errno_value == ECONNABORTED ||
         errno_value == ENOTCONN;
}

// A peer that vanished without a word (a node that lost its power) is noticed after a minute even
// where an exchange may be silent for longer: a watch.
void KeepAlive(int fd) {
  constexpr int on = 1;
  constexpr int idle_seconds = 30;
  constexpr int probe_seconds = 10;
  constexpr int probes = 3;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_seconds, sizeof(probe_seconds));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

}  // namespace

struct HttpClientStream::Socket {
  struct SslDeleter {
    void operator()(SSL* owned) const { SSL_free(owned); }
  };

  explicit Socket(EventLoop& loop) : socket(loop.context()) {}
  tcp::socket socket;
  std::unique_ptr<SSL, SslDeleter> outer_ssl;  // to a proxy, with `ssl` inside
  std::unique_ptr<SSL, SslDeleter> ssl;
  int fd() { return socket.native_handle(); }
};

HttpClientStream::HttpClientStream(EventLoop& loop)
    : loop_(loop), socket_(std::make_unique<Socket>(loop)) {}

HttpClientStream::~HttpClientStream() {
  // One try to say goodbye; a peer that cannot take it learns of the end from TCP.
  SSL* const ssl = socket_->ssl.get();
  if (ssl != nullptr && SSL_is_init_finished(ssl) && !broken_) {
    ERR_clear_error();
    SSL_shutdown(ssl);
  }
}

void HttpClientStream::Connect(const std::string& address, uint16_t port,
                               std::function<void(int)> done) {
  error_code error;
  tcp::socket& socket = socket_->socket;
  const tcp::endpoint endpoint(boost::asio::ip::make_address(address, error), port);
  if (!error) socket.open(endpoint.protocol(), error);
  if (!error) socket.non_blocking(true, error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
  if (!error) KeepAlive(socket.native_handle());
  if (error) {
    loop_.Post([weak = weak_from_this(), done = std::move(done), error] {
      if (const auto stream = weak.lock()) done(error.value());
    });
    return;
  }
  socket.async_connect(endpoint,
                       [weak = weak_from_this(), done = std::move(done)](const error_code& result) {
                         if (const auto stream = weak.lock()) done(result.value());
                       });
}

void HttpClientStream::set_owner(std::weak_ptr<Owner> owner) { owner_ = std::move(owner); }

Result<void> HttpClientStream::StartTls(const TlsContext& context, std::string name) {
  ERR_clear_error();
  if (name.ends_with('.')) name.pop_back();  // a name's root dot is not in certificates
  SSL* const ssl = SSL_new(context.native());
  socket_->outer_ssl = std::exchange(socket_->ssl, std::unique_ptr<SSL, Socket::SslDeleter>(ssl));
  bool ok = ssl != nullptr;
  if (ok && socket_->outer_ssl != nullptr) {
    BIO* const bio = BIO_new(BIO_f_ssl());
    ok = bio != nullptr;
    if (ok) BIO_set_ssl(bio, socket_->outer_ssl.get(), BIO_NOCLOSE);
    if (ok) SSL_set_bio(ssl, bio, bio);
  } else if (ok) {
    ok = SSL_set_fd(ssl, socket_->fd()) == 1;
  }
  if (ok && IsNumericAddress(name)) {
    ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  } else if (ok) {
    X509_VERIFY_PARAM_set_hostflags(SSL_get0_param(ssl), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                             X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    ok = SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 &&
         X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), name.c_str(), name.size()) == 1;
  }
  if (!ok) return Error{"cannot be set up: " + TlsErrorText()};
  SSL_set_connect_state(ssl);
  return {};
}

IoStatus HttpClientStream::Handshake() {
  if (broken_) return IoStatus::kError;
  ERR_clear_error();
  const int result = SSL_do_handshake(socket_->ssl.get());
  return result == 1 ? IoStatus::kDone : TlsFailed(result);
}

IoResult HttpClientStream::Read(std::span<char> into) {
  if (broken_) return {IoStatus::kError};
  if (SSL* const ssl = socket_->ssl.get()) {
    ERR_clear_error();
    size_t bytes = 0;
    const int result = SSL_read_ex(ssl, into.data(), into.size(), &bytes);
    if (result == 1) return {IoStatus::kDone, bytes, false};
    return {TlsFailed(result)};
  }
  const ssize_t bytes = recv(socket_->fd(), into.data(), into.size(), MSG_DONTWAIT);
  if (bytes > 0) {
    return {IoStatus::kDone, static_cast<size_t>(bytes), static_cast<size_t>(bytes) < into.size()};
  }
  return {bytes == 0 ? IoStatus::kEnd : PlainFailed(IoStatus::kWantRead)};
}

IoResult HttpClientStream::Write(std::string_view first, std::string_view second) {
  if (broken_) return {IoStatus::kError};
  if (SSL* const ssl = socket_->ssl.get()) {
    const std::string_view piece = first.empty() ? second : first;
    ERR_clear_error();
    size_t bytes = 0;
    const int result = SSL_write_ex(ssl, piece.data(), piece.size(), &bytes);
    if (result == 1) return {IoStatus::kDone, bytes};
    const IoResult failed = {TlsFailed(result)};
    // The peer may have sent an alert (a certificate refused) before it closed.
    if (failed.status == IoStatus::kError && closed_by_peer_) broken_ = false;
    return failed;
  }
  iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()},
                     {const_cast<char*>(second.data()), second.size()}};
  msghdr message = {};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  const ssize_t bytes = sendmsg(socket_->fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (bytes >= 0) return {IoStatus::kDone, static_cast<size_t>(bytes)};
  return {PlainFailed(IoStatus::kWantWrite)};
}

bool HttpClientStream::IsQuiet() {
  if (broken_) return false;
  char byte;
  if (socket_->ssl == nullptr) {
    return recv(socket_->fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  // A real read, since TLS has messages of its own (session tickets) that are to be taken in.
  return Read({&byte, 1}).status == IoStatus::kWantRead;
}

void HttpClientStream::Wait(bool readable, bool writable) {
  const auto wait = [this](tcp::socket::wait_type type, bool HttpClientStream::*waits) {
    this->*waits = true;
    socket_->socket.async_wait(type, [weak = weak_from_this(), waits](const error_code& error) {
      const auto stream = weak.lock();
      if (!stream || error == boost::asio::error::operation_aborted) return;
      stream.get()->*waits = false;
      if (error) stream->SetBroken(ErrnoError("wait", error.value()));
      stream->CallOwner();
    });
  };
  if (readable && !waits_readable_) {
    wait(tcp::socket::wait_read, &HttpClientStream::waits_readable_);
  }
  if (writable && !waits_writable_) {
    wait(tcp::socket::wait_write, &HttpClientStream::waits_writable_);
  }
}

void HttpClientStream::WaitForNextRound() {
  loop_.Post([weak = weak_from_this()] {
    if (const auto stream = weak.lock()) stream->CallOwner();
  });
}

void HttpClientStream::CallOwner() {
  if (const auto owner = owner_.lock()) owner->OnReady();
}

IoStatus HttpClientStream::PlainFailed(IoStatus would_block) {
  const int error = errno;
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return would_block;
  error_ = Error{std::strerror(error), error};
  closed_by_peer_ = MeansClosed(error);
  return IoStatus::kError;
}

void HttpClientStream::SetBroken(Error error) {
  error_ = std::move(error);
  broken_ = true;
}

IoStatus HttpClientStream::TlsFailed(int result) {
  const int system_error = errno;
  SSL* const ssl = socket_->ssl.get();
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return IoStatus::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return IoStatus::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::kEnd;
    case SSL_ERROR_SYSCALL:
      closed_by_peer_ = system_error == 0 || MeansClosed(system_error);
      SetBroken(Error{system_error == 0 ? "connection closed" : std::strerror(system_error),
                      system_error});
      return IoStatus::kError;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl);
  if (!SSL_is_init_finished(ssl) && verified != X509_V_OK &&
      (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
    SetBroken(Error{std::string("certificate verify failed: ") +
                    X509_verify_cert_error_string(verified)});
    return IoStatus::kError;
  }
  closed_by_peer_ = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  SetBroken(Error{closed_by_peer_ ? "connection closed without TLS close_notify" : TlsErrorText()});
  return IoStatus::kError;
}

}  // namespace limpet
