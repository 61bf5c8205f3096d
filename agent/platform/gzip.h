// Inflating gzip bodies that came from outside.
//
// Who calls it: scraping, on the loop's thread.
// Limits: never more than `size_max` bytes of output, whatever the header of the body claims (a zip
// bomb is refused after that many bytes, with the code EMSGSIZE).
#ifndef LIMPET_AGENT_PLATFORM_GZIP_H_
#define LIMPET_AGENT_PLATFORM_GZIP_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

// Inflates a whole gzip body (all its members) into `out`, whose memory is reused.
Result<void> InflateGzip(std::string_view body, size_t size_max, std::string& out);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_GZIP_H_
