// Label sets that are kept for showing only, in a quarter of the memory of Labels.
//
// Who calls it: the scrape manager, which keeps the discovered labels of every target (some thirty
// of them for a pod) for /api/v1/targets; the loop's thread. Encoding: one string; a name is the
// number of its longest known prefix and the rest, so that
// "__meta_kubernetes_pod_annotationpresent_" takes a byte. Stateless: nothing grows with odd names.
#ifndef LIMPET_AGENT_SCRAPE_COMPACT_LABELS_H_
#define LIMPET_AGENT_SCRAPE_COMPACT_LABELS_H_

#include <string>

#include "agent/relabel/labels.h"

namespace limpet {

class CompactLabels {
 public:
  CompactLabels() = default;
  explicit CompactLabels(const Labels& labels);
  Labels Expand() const;
  size_t bytes() const { return encoded_.size(); }

 private:
  std::string encoded_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_COMPACT_LABELS_H_
