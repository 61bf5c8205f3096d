#include "discovery/attach_metadata.h"

#include "discovery/meta_labels.h"
#include "discovery/owner.h"

namespace limpet {
namespace {

// The name of an owner's own controller, if that is of this kind.
std::string_view GrandOwner(Related kind, const Pod& pod, std::string_view controller_kind,
                            RelatedObjects& related) {
  const auto record = related.Find(kind, pod.name_space, pod.controller_name);
  if (!record) return {};
  const ControllerRef controller = ControllerOfRecord(*record);
  return controller.kind == controller_kind ? controller.name : std::string_view();
}

}  // namespace

bool AttachNode(std::string_view node_name, RelatedObjects& related, std::vector<Label>& labels) {
  const auto record = related.Find(Related::kNode, "", node_name);
  if (!record) return false;
  RecordReader in(*record);
  AddObjectMeta(labels, "node", ReadObjectMeta(in));
  return true;
}

void AttachNamespace(std::string_view name_space, const AttachMetadata& attach,
                     RelatedObjects& related, std::vector<Label>& labels) {
  if (!attach.name_space) return;
  const auto record = related.Find(Related::kNamespace, "", name_space);
  if (!record) return;
  RecordReader in(*record);
  const ObjectMeta meta = ReadObjectMeta(in);
  AddMetaMaps(labels, "namespace", meta.labels, meta.annotations);
}

void AttachOwners(const Pod& pod, const AttachMetadata& attach, RelatedObjects& related,
                  std::vector<Label>& labels) {
  if (pod.controller_kind == "ReplicaSet" && attach.deployment) {
    AddMeta(labels, "pod_deployment_name",
            GrandOwner(Related::kReplicaSet, pod, "Deployment", related));
  }
  if (pod.controller_kind != "Job") return;
  if (attach.job) AddMeta(labels, "pod_job_name", pod.controller_name);
  if (attach.cronjob) {
    AddMeta(labels, "pod_cronjob_name", GrandOwner(Related::kJob, pod, "CronJob", related));
  }
}

}  // namespace limpet
