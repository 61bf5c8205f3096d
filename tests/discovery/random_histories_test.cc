// Whatever an API server goes through, what is known afterwards is what there is; and what stands
// is never told anew and never given up meanwhile.
//
// A failure prints its seed: LIMPET_API_MODEL_SEED=... and the same command replay it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/discovery/api_model.h"

namespace limpet {
namespace {

constexpr int kSteps = 60;

class HistoryFixture : public DiscoveryFixture {
 public:
  // One discovery's life.
  void Play(uint32_t seed, bool garbles) {
    discovery_.reset();
    groups_.clear();
    calls_.clear();
    checked_ = 0;
    standing_.clear();
    options_.watch.backoff_max = Millis(4);
    options_.watch.streaming_lists = seed % 3 != 0;
    ApiModel model(server_, seed, {seed % 3 == 1, garbles});
    Apply({Job("job", {Pods()})});
    for (int step = 0; step < kSteps; ++step) {
      model.Step();
      Turn();
      if (!garbles) CheckCalls(model);
    }
    if (garbles) model.Mend();
    Until([&] {
      model.Settle();
      return Status().connected && Status().objects == model.pods().size() && IsTrue(model);
    });
    if (!garbles) CheckCalls(model);
  }

  void PlayAll(bool garbles) {
    const char* const seed = std::getenv("LIMPET_API_MODEL_SEED");
    const uint32_t first = seed != nullptr ? static_cast<uint32_t>(std::stoul(seed)) : 1;
    const uint32_t runs = seed != nullptr ? 1 : std::getenv("LIMPET_LONG") != nullptr ? 1000 : 30;
    for (uint32_t i = 0; i < runs; ++i) {
      INFO("LIMPET_API_MODEL_SEED=" << first + i);
      Play(first + i, garbles);
    }
  }

 private:
  // Just the pods that have an address, each with the one it has.
  bool IsTrue(const ApiModel& model) {
    size_t with_address = 0;
    for (const auto& [name, pod] : model.pods()) {
      if (pod.ip.empty()) continue;
      ++with_address;
      const auto group = groups_["job"].find("pod/default/" + name);
      if (group == groups_["job"].end() || AddressOf(group->second) != pod.ip + ":80") return false;
    }
    return groups_["job"].size() == with_address;
  }

  static std::string AddressOf(const TargetGroup& group) {
    return std::string(group.targets.at(0).Get("__address__"));
  }

  void CheckCalls(const ApiModel& model) {
    for (; checked_ < calls_.size(); ++checked_) {
      for (const std::string& source : calls_[checked_].sources) {
        CAPTURE(source);
        if (source.find("standing") == std::string::npos) continue;
        // Told once, when it is listed first.
        CHECK_FALSE(source.starts_with("-"));
        CHECK(standing_.insert(source).second);
      }
    }
    for (const auto& [source, group] : groups_["job"]) {
      CAPTURE(source);
      const std::string address = AddressOf(group);
      CHECK(model.WasTrue(source.substr(source.rfind('/') + 1),
                          address.substr(0, address.find(':'))));
    }
  }

  size_t checked_ = 0;  // of calls_
  std::set<std::string> standing_;
};

TEST_CASE_FIXTURE(HistoryFixture, "random histories of an API server end with what there is") {
  PlayAll(/*garbles=*/false);
}

TEST_CASE_FIXTURE(HistoryFixture, "what was garbled is mended by the next LIST") {
  PlayAll(/*garbles=*/true);
}

}  // namespace
}  // namespace limpet
