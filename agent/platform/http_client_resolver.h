// Looks up the addresses of host names, off the loop's thread.
//
// Who calls it: HttpClientConnector, on the loop's thread.
// Operation: the system's resolver (getaddrinfo, its order of addresses kept) on a few threads that
// all loops share, so that a name whose server does not answer holds up one of them and not the
// look-ups of others. Who asks for a name that is being looked up already waits for the same
// answer.
// Concurrency: `done` comes from the loop, unless the loop has gone. The threads live as long as
// the process: a look-up cannot be broken off, and nobody waits for it at the end.
// Limits: 4 threads, 1024 names waiting, 16 addresses of a name.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_CLIENT_RESOLVER_H_
#define LIMPET_AGENT_PLATFORM_HTTP_CLIENT_RESOLVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/platform/event_loop.h"
#include "agent/platform/result.h"

namespace limpet {

// Numeric, at least one.
using HostAddresses = std::vector<std::string>;

// A name that nobody needs any more, since each `owner` that asked for it has gone, is not looked
// up.
void ResolveHost(EventLoop& loop, const std::string& host, std::weak_ptr<const void> owner,
                 std::function<void(const Result<HostAddresses>&)> done);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_CLIENT_RESOLVER_H_
