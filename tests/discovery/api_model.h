// An API server with a state and a history, that does at random what servers do: falls, refuses,
// forgets its history, tears its answers, says things twice.
//
// Step changes pods and serves; Settle only serves, and well. A test holds what a Discovery knows
// against `pods`.
//
//   ApiModel model(server, seed);
//   model.Step();  fixture.Turn();  ...  model.Settle();
#ifndef LIMPET_TESTS_DISCOVERY_API_MODEL_H_
#define LIMPET_TESTS_DISCOVERY_API_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/discovery/discovery_fixture.h"
#include "tests/discovery/scripted_api_server.h"

namespace limpet {

class ApiModel {
 public:
  struct Manner {
    bool streams = false;  // lists
    bool garbles = false;  // bits of what it sends
  };

  // With "standing" in their names: pods that stay as they are.
  ApiModel(ScriptedApiServer& server, uint32_t seed, Manner manner);

  void Step();
  void Settle();
  // After steps that garbled.
  void Mend();

  const std::map<std::string, PodText>& pods() const { return pods_; }
  // Whether a pod has ever had this address.
  bool WasTrue(const std::string& name, const std::string& ip) const {
    return truths_.contains({name, ip});
  }

 private:
  struct Event {
    uint64_t version;
    std::string type;
    PodText pod;
  };
  struct Snapshot {
    uint64_t version;
    std::vector<PodText> pods;
  };

  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  void Change();
  void Record(const std::string& type, const PodText& pod);
  void Serve();
  void AnswerList(size_t request);
  void AnswerWatch(size_t request);
  void AnswerStreamingList(size_t request);
  void Send(size_t request, std::string bytes);
  void Refuse(size_t request);
  void Feed();
  void Fault();
  // All of it, or only its begin, and the end of the connection.
  bool Answer(size_t request, const std::string& bytes);

  ScriptedApiServer& server_;
  std::mt19937 random_;
  const bool streams_;
  const bool garbles_;
  bool faulty_ = false;
  bool has_to_list_ = false;
  std::map<std::string, PodText> pods_;
  std::vector<Event> events_;
  std::set<std::pair<std::string, std::string>> truths_;
  uint64_t version_ = 10;
  uint64_t oldest_ = 10;                   // a watch may begin here or later
  std::map<std::string, Snapshot> pages_;  // by continue token
  size_t answered_ = 0;
  std::optional<size_t> watch_;  // the request of the open one
  uint64_t told_ = 0;            // the version up to which it has been told
};

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_API_MODEL_H_
