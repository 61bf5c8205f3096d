// A non-blocking client socket, plain or with TLS on it, that tells its owner when to try again.
//
// Who calls it: HttpConnection and what connects for it, on the loop's thread.
// Operation: reads and writes are tried first, and waited for only where they would block, so that
// an idle stream holds a descriptor and no buffer. TLS works on the same descriptor; either
// direction may then have to wait for the other (IoStatus says for which).
// Concurrency: the owner is called from the loop, never from inside a call, and not after the
// stream is gone. It may drop the stream from inside OnReady.
// Errors: error() says why kError was returned, without naming the peer. After a write has failed
// because the peer closed, what it sent before can still be read; other errors are the end.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STREAM_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/platform/event_loop.h"
#include "agent/platform/result.h"
#include "agent/platform/tls.h"

namespace limpet {

enum class IoStatus { kDone, kWantRead, kWantWrite, kEnd, kError };

struct IoResult {
  IoStatus status = IoStatus::kDone;
  size_t bytes = 0;      // with kDone; may be less than asked for
  bool drained = false;  // after a read: trying again now would only find nothing
};

class HttpClientStream : public std::enable_shared_from_this<HttpClientStream> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnReady() = 0;
  };

  explicit HttpClientStream(EventLoop& loop);
  ~HttpClientStream();
  HttpClientStream(const HttpClientStream&) = delete;
  HttpClientStream& operator=(const HttpClientStream&) = delete;

  // Connects to a numeric address; `done` gets 0 or an errno.
  void Connect(const std::string& address, uint16_t port, std::function<void(int)> done);
  void set_owner(std::weak_ptr<Owner> owner);

  // `name` is what the peer's certificate must be for. Before the first read or write of a TLS
  // stream, Handshake is repeated until it is done. The second TLS of a stream runs inside the
  // first: to an origin, by way of a proxy.
  Result<void> StartTls(const TlsContext& context, std::string name);
  IoStatus Handshake();

  IoResult Read(std::span<char> into);
  // Writes from the two pieces as if they were one.
  IoResult Write(std::string_view first, std::string_view second);
  // Nothing has come and the peer has not closed since the last answer was read.
  bool IsQuiet();

  // Calls the owner when the socket is ready; waits that are under way already are not doubled.
  void Wait(bool readable, bool writable);
  // Calls the owner in the loop's next round: there is more to do, but others are waiting too.
  void WaitForNextRound();

  const Error& error() const { return error_; }
  // The error is the peer's having closed the connection.
  bool closed_by_peer() const { return closed_by_peer_; }

 private:
  struct Socket;
  IoStatus PlainFailed(IoStatus would_block);
  IoStatus TlsFailed(int result);
  void SetBroken(Error error);
  void CallOwner();

  EventLoop& loop_;
  std::unique_ptr<Socket> socket_;
  std::weak_ptr<Owner> owner_;
  Error error_;
  bool broken_ = false;  // also for the other direction
  bool closed_by_peer_ = false;
  bool waits_readable_ = false;
  bool waits_writable_ = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_STREAM_H_
