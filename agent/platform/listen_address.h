// Where to listen, as a flag says it.
//
// Who calls it: the HTTP server, and main to check its flag; any thread.
//
//   ParseListenAddress("[::1]:8429")->host == "::1"
//   ParseListenAddress(":8429")->host == ""        // all addresses
#ifndef LIMPET_AGENT_PLATFORM_LISTEN_ADDRESS_H_
#define LIMPET_AGENT_PLATFORM_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>

#include "agent/platform/result.h"

namespace limpet {

struct ListenAddress {
  std::string host;   // a name or an address without brackets; empty: all
  uint16_t port = 0;  // 0: any that is free
};

// Unlike an address to connect to, this one needs its port, which may be 0.
Result<ListenAddress> ParseListenAddress(const std::string& text);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_LISTEN_ADDRESS_H_
