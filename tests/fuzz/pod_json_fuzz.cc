// What an API server sends, from bytes to targets: cutting a stream or a list into objects, parsing
// each, reading a pod from it, packing and unpacking it.
//
// The first byte chooses the shape and how large the pieces are in which the rest arrives; the
// result must not depend on that.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/object_splitter.h"
#include "discovery/pod.h"
#include "discovery/pod_targets.h"

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
