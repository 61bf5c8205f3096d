#include "agent/config/kubernetes_name.h"

#include <algorithm>

namespace limpet {
namespace {

constexpr size_t kNamespaceBytesMax = 63;
constexpr size_t kObjectNameBytesMax = 253;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Of these characters and `others`, which may not be at an end.
bool IsName(std::string_view name, std::string_view others, size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max && IsLowerOrDigit(name.front()) &&
         IsLowerOrDigit(name.back()) && std::all_of(name.begin(), name.end(), [&](char c) {
           return IsLowerOrDigit(c) || others.find(c) != std::string_view::npos;
         });
}

}  // namespace

bool IsNamespaceName(std::string_view name) { return IsName(name, "-", kNamespaceBytesMax); }

bool IsObjectName(std::string_view name) { return IsName(name, "-.", kObjectNameBytesMax); }

}  // namespace limpet
