// Absolute http and https URLs: taken apart, checked and put together.
//
// Who calls it: config/ to check, HttpConnection's users to connect; any thread.
//
// An error never quotes the text, which may hold a password in the wrong place.
//
//   ParseUrl("https://user@[::1]/x")      an error: credentials in a URL are refused
//   auto url = ParseUrl("http://a:80/x")  url->host == "a", url->port == 80, url->target == "/x"
#ifndef LIMPET_AGENT_PLATFORM_URL_H_
#define LIMPET_AGENT_PLATFORM_URL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/platform/result.h"

namespace limpet {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // a name, an IPv4 address, or an IPv6 address without brackets
  uint16_t port = 0;   // the scheme's own where the text has none
  std::string target;  // path and query, at least "/"
  bool explicit_port = false;

  // Host header: brackets around IPv6, the port only where it is not the scheme's own.
  std::string HostHeader() const;
  std::string ToString() const;
  // "scheme://host", with the port as in the Host header: what errors may show of a URL that can
  // hold a secret.
  std::string Origin() const { return scheme + "://" + HostHeader(); }
  friend bool operator==(const Url&, const Url&) = default;
};

Result<Url> ParseUrl(std::string_view text);

// What a Location header means, seen from `base` (RFC 3986, 5.2.2; a fragment is dropped).
Result<Url> ResolveReference(const Url& base, std::string_view reference);

// The same scheme, host and port (RFC 6454, 5).
bool IsSameOrigin(const Url& a, const Url& b);

// Splits "host:port", "[v6]:port" or a bare host; port 0 where there is none.
Result<std::pair<std::string, uint16_t>> SplitHostPort(std::string_view text);

// key=value pairs as a query string, percent-encoded as Go's url.Values.Encode does (sorted by key,
// space as '+').
std::string EncodeQuery(std::vector<std::pair<std::string, std::string>> params);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_URL_H_
