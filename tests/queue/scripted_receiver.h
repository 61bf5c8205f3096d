// A remote-write receiver on a loopback port and a thread of its own that answers as it is told,
// one connection after the other.
#ifndef LIMPET_TESTS_QUEUE_SCRIPTED_RECEIVER_H_
#define LIMPET_TESTS_QUEUE_SCRIPTED_RECEIVER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace limpet {

struct ReceivedRequest {
  std::string line;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int connection = 0;  // from 1
};

struct ScriptedAnswer {
  std::string bytes;
  bool then_close = false;
  bool then_hang = false;      // until the client goes away
  bool after_release = false;  // only once Release was called
};

// A whole answer.
ScriptedAnswer Answer(int status, const std::string& headers = "", const std::string& body = "");

class ScriptedReceiver {
 public:
  // Port 0 is any. Answers with 204 behind the script's end.
  explicit ScriptedReceiver(std::deque<ScriptedAnswer> script = {}, uint16_t port = 0);
  ~ScriptedReceiver();
  ScriptedReceiver(const ScriptedReceiver&) = delete;
  ScriptedReceiver& operator=(const ScriptedReceiver&) = delete;

  uint16_t port() const { return port_; }
  std::vector<ReceivedRequest> requests() const;
  size_t count() const;
  void Add(ScriptedAnswer answer);
  void Release();

 private:
  void Serve();
  void ServeConnection(int fd, int number);
  bool ReadRequest(int fd, std::string& buffer, ReceivedRequest& request);
  bool ReadSome(int fd, std::string& buffer);
  bool Reply(int fd, const ScriptedAnswer& answer);
  ScriptedAnswer NextAnswer();

  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::condition_variable released_changed_;
  int released_ = 0;
  std::deque<ScriptedAnswer> script_;
  std::vector<ReceivedRequest> requests_;
  std::thread thread_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_SCRIPTED_RECEIVER_H_
