#include "agent/platform/listen_address.h"

#include <charconv>

namespace limpet {

Result<ListenAddress> ParseListenAddress(const std::string& text) {
  const auto refused = [&](const char* why) {
    return Error{"listen address \"" + text + "\": " + why};
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return refused("expected HOST:PORT");
  ListenAddress address;
  address.host = text.substr(0, colon);
  const bool bracketed = address.host.starts_with('[') && address.host.ends_with(']');
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  if (bracketed ? address.host.empty() : address.host.find_first_of(":[]") != std::string::npos) {
    return refused("an IPv6 address needs brackets around it");
  }
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc() || stop != end) {
    return refused("the port must be a number from 0 to 65535");
  }
  return address;
}

}  // namespace limpet
