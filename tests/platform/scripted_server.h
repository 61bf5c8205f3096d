// A blocking server on a thread that plays a script on each connection it gets, for tests of
// clients.
//
// The first connection gets the first script and so on; what comes after the last is closed at
// once. Every wait of a script ends after ten seconds, or when the test ends.
//
//   ScriptedServer server({[](ScriptedPeer& peer) {
//     peer.ReadHead();
//     peer.Write("HTTP/1.1 204 No Content\r\n\r\n");
//   }});
#ifndef LIMPET_TESTS_PLATFORM_SCRIPTED_SERVER_H_
#define LIMPET_TESTS_PLATFORM_SCRIPTED_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace limpet {

class ScriptedPeer {
 public:
  ScriptedPeer(int fd, SSL_CTX* tls);
  ~ScriptedPeer();
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  // Up to and with the empty line; what came of it where the client closed.
  std::string ReadHead();
  std::string ReadBytes(size_t count);
  // Reads on until the client has closed.
  void WaitForClose();
  void Write(std::string_view bytes);
  void WriteByteByByte(std::string_view bytes);
  void CloseWithReset();
  // Passes bytes on between the client and a port of the loopback, until either closes.
  void RelayTo(uint16_t port);

 private:
  size_t ReadSome(char* into, size_t size);

  int fd_;
  SSL* ssl_ = nullptr;
};

class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedPeer&)>;

  // With `tls`, the server's side of each connection starts with a handshake.
  explicit ScriptedServer(std::vector<Script> scripts, SSL_CTX* tls = nullptr, bool v6 = false);
  ~ScriptedServer();
  uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void Serve();

  const std::vector<Script> scripts_;
  SSL_CTX* const tls_;
  uint16_t port_ = 0;  // before listener_, whose opening sets it
  int listener_ = -1;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  int current_ = -1;  // the socket being served
  bool stopping_ = false;
  std::thread thread_;
};

// A port of the loopback that nobody listens on.
uint16_t UnusedPort();

}  // namespace limpet

#endif  // LIMPET_TESTS_PLATFORM_SCRIPTED_SERVER_H_
