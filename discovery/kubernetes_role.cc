#include "discovery/kubernetes_role.h"

#include "discovery/pod.h"
#include "discovery/pod_targets.h"

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

class PodRole final : public KubernetesRole {
 public:
  std::string_view name() const override { return "pod"; }
  std::string Path(std::string_view name_space) const override {
    if (name_space.empty()) return "/api/v1/pods";
    return "/api/v1/namespaces/" + PathSegment(name_space) + "/pods";
  }
  std::string Record(const JsonValue& object) const override { return EncodePod(ReadPod(object)); }
  TargetGroup Group(std::string_view record) const override {
    return PodTargets(DecodePod(record));
  }
};

}  // namespace

const KubernetesRole* FindKubernetesRole(std::string_view name) {
  static const PodRole kPod;
  return name == kPod.name() ? &kPod : nullptr;
}

}  // namespace limpet
