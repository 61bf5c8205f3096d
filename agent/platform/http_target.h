// The target of a request that came in, taken apart and decoded.
//
// Who calls it: the HTTP server; any thread.
// Source: RFC 9112, 3.2 (origin and absolute form), RFC 3986, 2.1 (percent-encoding), and Go's
// url.ParseQuery for the query ('+' is a space).
#ifndef LIMPET_AGENT_PLATFORM_HTTP_TARGET_H_
#define LIMPET_AGENT_PLATFORM_HTTP_TARGET_H_

#include <optional>
#include <string>
#include <string_view>

namespace limpet {

struct HttpTarget {
  std::string path;   // decoded
  std::string query;  // as sent, without '?'
};

// Nothing where it is neither of the two forms, is badly encoded or holds a NUL.
std::optional<HttpTarget> ParseHttpTarget(std::string_view target);

// Nothing where a % is not followed by two hex digits.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space);

// The first parameter of that name, decoded; empty where there is none. What is badly encoded is
// passed over.
std::string QueryParameter(std::string_view query, std::string_view name);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_TARGET_H_
