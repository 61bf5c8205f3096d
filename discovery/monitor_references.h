// What a monitor object may name besides itself: keys of Secrets and ConfigMaps.
//
// Who calls it: the translators ask, MonitorDiscovery answers; the loop's thread.
#ifndef LIMPET_DISCOVERY_MONITOR_REFERENCES_H_
#define LIMPET_DISCOVERY_MONITOR_REFERENCES_H_

#include <compare>
#include <string>
#include <string_view>

namespace limpet {

// A Secret or ConfigMap, of the namespace of the object that names it.
struct MonitorReference {
  bool is_secret = true;
  std::string name_space;
  std::string name;
  friend auto operator<=>(const MonitorReference&, const MonitorReference&) = default;

  std::string ToString() const {
    return (is_secret ? "Secret " : "ConfigMap ") + name_space + "/" + name;
  }
};

class MonitorReferences {
 public:
  struct Answer {
    enum class State { kFound, kNoObject, kNoKey, kNotListed };
    State state = State::kNotListed;
    std::string_view value;  // good until the next turn of the loop
  };
  virtual ~MonitorReferences() = default;
  virtual Answer Find(const MonitorReference& reference, std::string_view key) = 0;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_REFERENCES_H_
