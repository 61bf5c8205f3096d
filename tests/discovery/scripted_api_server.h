// An API server that answers with exactly the bytes a test gives it.
//
// It has no thread: Pump does what can be done now without waiting, between turns of the event loop
// under test, so a test is a sequence. Each request takes the next answer queued; where there is
// none yet it waits.
//
//   ScriptedApiServer server;
//   server.Answer(JsonAnswer(200, R"({"metadata":{"resourceVersion":"1"}})"));
//   server.Answer(WatchAnswer());   server.Send(Chunk("{...}\n"));   server.Close();
#ifndef LIMPET_TESTS_DISCOVERY_SCRIPTED_API_SERVER_H_
#define LIMPET_TESTS_DISCOVERY_SCRIPTED_API_SERVER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace limpet {

struct ApiRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;    // decoded
  std::string raw_target;                      // as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // of a known length
};

class ScriptedApiServer {
 public:
  ScriptedApiServer();
  ~ScriptedApiServer();
  ScriptedApiServer(const ScriptedApiServer&) = delete;
  ScriptedApiServer& operator=(const ScriptedApiServer&) = delete;

  uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // For the next request that has no answer yet.
  void Answer(std::string bytes, bool close = false);
  // More, on the connection of the last request.
  void Send(std::string_view bytes);
  void Close();
  // The same, on the connection of the n-th request (from 0), which must still be open.
  void SendTo(size_t request, std::string_view bytes);
  void CloseAt(size_t request);
  bool IsOpen(size_t request) const { return served_.at(request) != nullptr; }

  void Pump();
  // With an answer or without; the oldest first.
  const std::vector<ApiRequest>& requests() const { return requests_; }
  // Those that wait for an answer.
  size_t waiting() const;

 private:
  struct Connection {
    int socket = -1;
    std::string received;
    std::string unsent;
    size_t unanswered = 0;
    bool close_when_sent = false;
  };
  struct Reply {
    std::string bytes;
    bool close;
  };
  void Read(Connection& connection);
  void Write(Connection& connection);
  Connection& Serving(size_t request);

  int listener_ = -1;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> served_;  // by each request; null once it is closed
  std::deque<Reply> replies_;
  std::vector<ApiRequest> requests_;
};

// An answer with Content-Length; `headers` are whole lines.
std::string JsonAnswer(int status, const std::string& body, const std::string& headers = "");
// The head of a chunked answer, to be followed by Chunk.
std::string WatchAnswer();
std::string Chunk(std::string_view bytes);
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_SCRIPTED_API_SERVER_H_
