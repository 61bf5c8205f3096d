// A string that must not be shown: tokens, passwords, private keys.
//
// Who calls it: configuration and the HTTP client. There is no operator<< and no conversion to
// std::string; Reveal() marks each place where the value is used, so that a review can list them.
#ifndef LIMPET_AGENT_PLATFORM_SECRET_H_
#define LIMPET_AGENT_PLATFORM_SECRET_H_

#include <string>
#include <utility>

namespace limpet {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_SECRET_H_
