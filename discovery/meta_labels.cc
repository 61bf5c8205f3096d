#include "discovery/meta_labels.h"

namespace limpet {
namespace {

constexpr std::string_view kPrefix = "__meta_kubernetes_";

}  // namespace

void AddMeta(std::vector<Label>& labels, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  labels.push_back({std::string(kPrefix).append(name), std::string(value)});
}

void AddMetaPairs(std::vector<Label>& labels, std::string_view prefix, std::string_view present,
                  const TextPairs& pairs) {
  for (const auto& [key, value] : pairs) {
    const std::string suffix = "_" + SanitizeLabelName(key);
    // Also an empty one, so that of two keys with one spelling the same one wins here and below.
    labels.push_back({std::string(kPrefix).append(prefix).append(suffix), std::string(value)});
    AddMeta(labels, std::string(present) + suffix, "true");
  }
}

void AddMetaMaps(std::vector<Label>& labels, std::string_view resource,
                 const TextPairs& object_labels, const TextPairs& annotations) {
  const std::string prefix(resource);
  AddMetaPairs(labels, prefix + "_label", prefix + "_labelpresent", object_labels);
  AddMetaPairs(labels, prefix + "_annotation", prefix + "_annotationpresent", annotations);
}

void AddObjectMeta(std::vector<Label>& labels, std::string_view resource, const ObjectMeta& meta) {
  AddMeta(labels, std::string(resource) + "_name", meta.name);
  AddMetaMaps(labels, resource, meta.labels, meta.annotations);
}

std::string SanitizeLabelName(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    // One '_' for a character of several bytes: those after its first are passed over.
    if (plain || c == '_') {
      out.push_back(c);
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      out.push_back('_');
    }
  }
  return out;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string JoinHostPort(std::string_view host, std::string_view port) {
  const bool brackets = host.find_first_of(":%") != std::string_view::npos;
  std::string out;
  out.append(brackets ? "[" : "").append(host).append(brackets ? "]:" : ":").append(port);
  return out;
}

std::string JoinHostPort(std::string_view host, uint64_t port) {
  return JoinHostPort(host, std::to_string(port));
}

}  // namespace limpet
