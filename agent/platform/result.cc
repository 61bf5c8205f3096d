#include "agent/platform/result.h"

#include <cstring>

namespace limpet {

Error ErrnoError(std::string_view what, int errno_value) {
  return Error{std::string(what) + ": " + std::strerror(errno_value), errno_value};
}

}  // namespace limpet
