// What an API server sends, from bytes to targets: cutting a stream or a list into objects, parsing
// each, reading a pod from it, packing and unpacking it; and the same object as every role takes
// it, with itself as the pod, service, node, namespace and owner that are looked for.
//
// The first byte chooses the shape and how large the pieces are in which the rest arrives; the
// result must not depend on that.
#include <cstdint>
#include <cstdlib>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/kubernetes_role.h"
#include "discovery/object_splitter.h"
#include "discovery/pod.h"
#include "discovery/pod_targets.h"
#include "discovery/record.h"

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckPod(const JsonValue& object) {
  const Pod pod = ReadPod(object);
  const std::string record = EncodePod(pod);
  const Pod again = DecodePod(record);
  Require(EncodePod(again) == record);
  const TargetGroup group = PodTargets(again);
  Require(group == PodTargets(pod));
  if (pod.ip.empty()) Require(group.targets.empty());
  for (const Labels& target : group.targets) Require(target.Has("__address__"));
}

class ItselfRelated final : public RelatedObjects {
 public:
  explicit ItselfRelated(const JsonValue& object) : object_(object) {}
  std::optional<std::string_view> Find(Related related, std::string_view name_space,
                                       std::string_view name) override {
    RecordKey(name_space, name);
    return records_.emplace_back(KindOf(related).kind.record(object_));
  }
  void NoteCut() override {}

 private:
  const JsonValue& object_;
  std::list<std::string> records_;
};

void CheckRoles(const JsonValue& object) {
  for (const char* name : {"pod", "node", "service", "endpoints", "endpointslice", "ingress"}) {
    const KubernetesRole& role = *FindKubernetesRole(name);
    const std::string record = role.kind.record(object);
    Require(std::string_view(record).starts_with(KeyOfRecord(record)));
    ItselfRelated related(object);
    const AttachMetadata attach{true, true, true, true, true};
    const TargetGroup group = role.group(record, attach, related);
    Require(group.source.starts_with(role.source_prefix));
    Require(group == role.group(record, attach, related));
  }
}

struct Outcome {
  std::vector<std::string> objects;
  std::string envelope;
  uint64_t oversized = 0;
  bool failed = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Split(std::string_view text, ObjectSplitter::Shape shape, size_t piece) {
  Outcome outcome;
  ObjectSplitter splitter(shape, 4096);
  for (size_t at = 0; at < text.size() && !outcome.failed; at += piece) {
    outcome.failed =
        !splitter.Feed(text.substr(at, piece), [&](std::string& object) -> Result<void> {
          outcome.objects.push_back(object);
          rapidjson::Document document;
          if (auto parsed = ParseJsonObject(object, document); !parsed) return parsed;
          CheckPod(document);
          CheckPod(JsonObjectAt(document, "object"));
          CheckRoles(document);
          CheckRoles(JsonObjectAt(document, "object"));
          return {};
        });
  }
  if (!outcome.failed) {
    outcome.envelope = splitter.envelope();
    outcome.oversized = splitter.oversized_total();
  }
  return outcome;
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  using limpet::ObjectSplitter;
  const auto shape =
      (data[0] & 1) != 0 ? ObjectSplitter::Shape::kList : ObjectSplitter::Shape::kStream;
  const size_t piece = 1 + (data[0] >> 1);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const limpet::Outcome whole = limpet::Split(text, shape, text.size() + 1);
  limpet::Require(whole == limpet::Split(text, shape, piece));
  return 0;
}
