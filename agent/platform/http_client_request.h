// Writes the head of a request, and refuses what would break out of it.
//
// Who calls it: HttpConnection.
// Limits: method and field names are tokens (RFC 9110, 5.6.2), the target has no spaces or control
// characters, field values no line breaks or NULs: a value from outside cannot add a field or a
// request.
// Errors name the field, never its value.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_REQUEST_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_REQUEST_H_

#include <string>
#include <string_view>

#include "agent/platform/http_client.h"
#include "agent/platform/result.h"

namespace limpet {

// Replaces `out`, whose memory is reused, with all but the empty line at the end. `prefix` stands
// before the target: for a proxy, the origin.
Result<void> WriteRequestHead(const HttpRequest& request, std::string_view prefix,
                              std::string_view host, std::string& out);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_REQUEST_H_
