#include "discovery/kubernetes_kind.h"

namespace limpet {
namespace {

// A namespace as it stands in a path; one that is no DNS label must not change the request.
std::string PathSegment(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || c == '-') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

}  // namespace

std::string KubernetesKind::Path(std::string_view name_space) const {
  std::string path(group);
  if (!name_space.empty()) path.append("/namespaces/").append(PathSegment(name_space));
  return path.append("/").append(resource);
}

}  // namespace limpet
