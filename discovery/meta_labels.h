// The spelling of __meta_kubernetes_ labels, the same in every role.
//
// Who calls it: the makers of target groups in discovery/, on the loop's thread.
// Source: Prometheus' discovery/kubernetes and util/strutil. Of two keys that are the same once
// sanitised one wins (in Prometheus as well it is not told which).
#ifndef LIMPET_DISCOVERY_META_LABELS_H_
#define LIMPET_DISCOVERY_META_LABELS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/relabel/labels.h"
#include "discovery/object_meta.h"
#include "discovery/record.h"

namespace limpet {

// __meta_kubernetes_NAME="value"; nothing where the value is empty, which is the same as no label.
void AddMeta(std::vector<Label>& labels, std::string_view name, std::string_view value);
// PREFIX_X="value" and PRESENT_X="true" for each pair, X being its sanitised key.
void AddMetaPairs(std::vector<Label>& labels, std::string_view prefix, std::string_view present,
                  const TextPairs& pairs);
// RESOURCE_label_X, RESOURCE_labelpresent_X, RESOURCE_annotation_X, RESOURCE_annotationpresent_X.
void AddMetaMaps(std::vector<Label>& labels, std::string_view resource,
                 const TextPairs& object_labels, const TextPairs& annotations);
// The same, and RESOURCE_name.
void AddObjectMeta(std::vector<Label>& labels, std::string_view resource, const ObjectMeta& meta);

// A name of Kubernetes as part of a label name: every other character than [a-zA-Z0-9_] is a '_'.
std::string SanitizeLabelName(std::string_view name);
std::string LowerCase(std::string_view text);

// "10.0.0.1:80", "[fd00::1]:80".
std::string JoinHostPort(std::string_view host, std::string_view port);
std::string JoinHostPort(std::string_view host, uint64_t port);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_META_LABELS_H_
