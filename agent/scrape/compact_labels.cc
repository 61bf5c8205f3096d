#include "agent/scrape/compact_labels.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet {
namespace {

// The index is what is stored; a longer prefix comes after those that it begins with.
constexpr auto kPrefixes = std::to_array<std::string_view>({
    "",
    "__meta_",
    "__meta_kubernetes_",
    "__meta_kubernetes_namespace",
    "__meta_kubernetes_pod_",
    "__meta_kubernetes_pod_annotation_",
    "__meta_kubernetes_pod_annotationpresent_",
    "__meta_kubernetes_pod_label_",
    "__meta_kubernetes_pod_label_app_kubernetes_io_",
    "__meta_kubernetes_pod_labelpresent_",
    "__meta_kubernetes_pod_labelpresent_app_kubernetes_io_",
    "__meta_kubernetes_pod_container_id",
    "__meta_kubernetes_pod_container_image",
    "__meta_kubernetes_pod_container_init",
    "__meta_kubernetes_pod_container_name",
    "__meta_kubernetes_pod_container_port_name",
    "__meta_kubernetes_pod_container_port_number",
    "__meta_kubernetes_pod_container_port_protocol",
    "__meta_kubernetes_pod_controller_kind",
    "__meta_kubernetes_pod_controller_name",
    "__meta_kubernetes_pod_host_ip",
    "__meta_kubernetes_pod_ip",
    "__meta_kubernetes_pod_name",
    "__meta_kubernetes_pod_node_name",
    "__meta_kubernetes_pod_phase",
    "__meta_kubernetes_pod_ready",
    "__meta_kubernetes_pod_uid",
    "__address__",
    "__metrics_path__",
    "__scheme__",
    "__scrape_interval__",
    "__scrape_timeout__",
    "__always_scrape_classic_histograms__",
    "__convert_classic_histograms_to_nhcb__",
    "__scrape_native_histograms__",
});

size_t LongestPrefix(std::string_view name) {
  size_t best = 0;
  for (size_t i = 1; i < kPrefixes.size(); ++i) {
    if (kPrefixes[i].size() > kPrefixes[best].size() && name.starts_with(kPrefixes[i])) best = i;
  }
  return best;
}

void AppendText(std::string_view text, std::string& out) {
  size_t size = text.size();
  while (size >= 0x80) {
    out += static_cast<char>(size | 0x80);
    size >>= 7;
  }
  out += static_cast<char>(size);
  out += text;
}

std::string_view TakeText(std::string_view& in) {
  size_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    size |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const std::string_view text = in.substr(0, size);
  in.remove_prefix(size);
  return text;
}

}  // namespace

CompactLabels::CompactLabels(const Labels& labels) {
  for (const Label& label : labels) {
    const size_t prefix = LongestPrefix(label.name);
    encoded_ += static_cast<char>(prefix);
    AppendText(std::string_view(label.name).substr(kPrefixes[prefix].size()), encoded_);
    AppendText(label.value, encoded_);
  }
  encoded_.shrink_to_fit();
}

Labels CompactLabels::Expand() const {
  std::vector<Label> labels;
  std::string_view in = encoded_;
  while (!in.empty()) {
    Label label;
    label.name = kPrefixes[static_cast<unsigned char>(in.front())];
    in.remove_prefix(1);
    label.name += TakeText(in);
    label.value = TakeText(in);
    labels.push_back(std::move(label));
  }
  return Labels(std::move(labels));
}

}  // namespace limpet
