// A receiver with many connections at a time that keeps what it took and misbehaves as it is told,
// for tests of what must hold whatever a receiver does.
//
// Who calls it: tests; `behave` is called on the receiver's own thread.
#ifndef LIMPET_TESTS_QUEUE_MODEL_RECEIVER_H_
#define LIMPET_TESTS_QUEUE_MODEL_RECEIVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace limpet {

struct ModelRequest {
  bool v2 = false;
  uint64_t samples = 0;     // histograms among them
  uint64_t histograms = 0;  // native ones
};

struct ModelAnswer {
  bool take = false;     // the samples are stored
  bool known = true;     // the client will know from the answer whether they were
  std::string bytes;     // of the answer
  bool trickle = false;  // a byte at a time
  bool then_close = false;
  bool then_reset = false;
  bool then_hang = false;
};

class ModelReceiver {
 public:
  using Behave = std::function<ModelAnswer(const ModelRequest&)>;
  explicit ModelReceiver(Behave behave);
  ~ModelReceiver();
  ModelReceiver(const ModelReceiver&) = delete;
  ModelReceiver& operator=(const ModelReceiver&) = delete;

  uint16_t port() const { return port_; }
  uint64_t requests() const { return requests_; }
  size_t connections_max() const { return connections_max_; }
  // After it, what came in may be looked at.
  void Stop();

  struct Taken {
    // In the order of their arrival; the value of a histogram is its sum.
    std::vector<std::pair<int64_t, double>> samples;
    uint64_t histograms = 0;
    uint64_t exemplars = 0;
    std::map<int64_t, int> unknown;  // by time: how often the client could not know it was taken
  };
  std::map<std::string, Taken> series;  // by name
  std::string error;                    // what was wrong with a request

 private:
  struct Connection {
    int fd = -1;
    std::string in;
    std::string out;
    ModelAnswer answer;
    bool answering = false;
    bool hanging = false;
  };

  void Serve();
  bool Read(Connection& connection);
  bool Write(Connection& connection);
  bool TakeRequest(Connection& connection);
  void Keep(const std::string& body, bool v2, const ModelAnswer& answer);

  const Behave behave_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> requests_ = 0;
  std::atomic<size_t> connections_max_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_MODEL_RECEIVER_H_
