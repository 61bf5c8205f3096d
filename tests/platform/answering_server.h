// A server on a thread that answers each request by a function of it, for tests of clients; it
// serves one connection at a time and keeps what it was asked.
#ifndef LIMPET_TESTS_PLATFORM_ANSWERING_SERVER_H_
#define LIMPET_TESTS_PLATFORM_ANSWERING_SERVER_H_

#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/platform/scripted_server.h"

namespace limpet {

// With a length; `fields` are whole lines.
inline std::string AnswerOf(const std::string& status, const std::string& body = "",
                            const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class AnsweringServer {
 public:
  // A request is its head and body; an empty answer closes the connection.
  using Answer = std::function<std::string(const std::string& request)>;

  explicit AnsweringServer(Answer answer, SSL_CTX* tls = nullptr)
      : answer_(std::move(answer)),
        server_(
            std::vector<ScriptedServer::Script>(64, [this](ScriptedPeer& peer) { Serve(peer); }),
            tls) {}

  uint16_t port() const { return server_.port(); }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + target;
  }
  int connections() const { return server_.connections(); }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Serve(ScriptedPeer& peer) {
    while (true) {
      std::string request = peer.ReadHead();
      if (request.empty()) return;
      const size_t length = request.find("Content-Length: ");
      if (length != std::string::npos) {
        request += peer.ReadBytes(std::strtoul(request.c_str() + length + 16, nullptr, 10));
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const std::string answer = answer_(request);
      if (answer.empty()) return;
      peer.Write(answer);
    }
  }

  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  ScriptedServer server_;  // last, since its thread uses the others
};

}  // namespace limpet

#endif  // LIMPET_TESTS_PLATFORM_ANSWERING_SERVER_H_
