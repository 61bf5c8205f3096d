// Labels of other objects, joined to a target's own: those of its node, its namespace, and of what
// its pod belongs to.
//
// Who calls it: the makers of target groups in discovery/, on the loop's thread.
// Source: attach_metadata of Prometheus' kubernetes_sd_configs.
#ifndef LIMPET_DISCOVERY_ATTACH_METADATA_H_
#define LIMPET_DISCOVERY_ATTACH_METADATA_H_

#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/relabel/labels.h"
#include "discovery/pod.h"
#include "discovery/related_objects.h"

namespace limpet {

// __meta_kubernetes_node_name and the node's labels and annotations; false where it is not known.
bool AttachNode(std::string_view node_name, RelatedObjects& related, std::vector<Label>& labels);
// The namespace's labels and annotations, if that is asked for.
void AttachNamespace(std::string_view name_space, const AttachMetadata& attach,
                     RelatedObjects& related, std::vector<Label>& labels);
// The Deployment, Job or CronJob that a pod belongs to, if that is asked for.
void AttachOwners(const Pod& pod, const AttachMetadata& attach, RelatedObjects& related,
                  std::vector<Label>& labels);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_ATTACH_METADATA_H_
