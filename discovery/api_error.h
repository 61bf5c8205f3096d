// What an API server says when it refuses: the message of its Status object, cut short.
//
// Who calls it: KubernetesWatch and LeaderElection, on the loop's thread.
#ifndef LIMPET_DISCOVERY_API_ERROR_H_
#define LIMPET_DISCOVERY_API_ERROR_H_

#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

// At most 512 bytes of a server's message.
std::string ShortApiMessage(std::string_view message);
// "HTTP status 403: pods is forbidden: ..."; the code is the status. `body` is parsed in place.
Error ApiError(int http_status, std::string& body);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_API_ERROR_H_
