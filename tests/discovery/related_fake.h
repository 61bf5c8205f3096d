// Related objects from JSON texts, for makers of target groups without any watch.
#ifndef LIMPET_TESTS_DISCOVERY_RELATED_FAKE_H_
#define LIMPET_TESTS_DISCOVERY_RELATED_FAKE_H_

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

#include "discovery/kubernetes_role.h"
#include "discovery/record.h"

namespace limpet {

inline std::string RecordOf(const KubernetesKind& kind, std::string json) {
  rapidjson::Document document;
  REQUIRE(ParseJsonObject(json, document).has_value());
  return kind.record(document);
}

class RelatedFake final : public RelatedObjects {
 public:
  RelatedFake& Add(Related related, const std::string& json) {
    std::string record = RecordOf(KindOf(related).kind, json);
    const std::string key(KeyOfRecord(record));
    records_[{related, key}] = std::move(record);
    return *this;
  }
  std::optional<std::string_view> Find(Related related, std::string_view name_space,
                                       std::string_view name) override {
    const auto found = records_.find({related, RecordKey(name_space, name)});
    if (found == records_.end()) return std::nullopt;
    return found->second;
  }
  void NoteCut() override { ++cuts_; }

  int cuts_ = 0;

 private:
  std::map<std::pair<Related, std::string>, std::string> records_;
};

// The group that a role makes of an object.
inline TargetGroup GroupOf(const std::string& role, const std::string& json,
                           const AttachMetadata& attach = {}, RelatedFake related = {}) {
  const KubernetesRole* known = FindKubernetesRole(role);
  REQUIRE(known != nullptr);
  const TargetGroup group = known->group(RecordOf(known->kind, json), attach, related);
  REQUIRE(group.source.starts_with(known->source_prefix));
  return group;
}

inline void CheckLabels(const Labels& labels, const Labels& expected) {
  CHECK(labels.ToString() == expected.ToString());
}

inline void CheckTargets(const TargetGroup& group, const std::vector<Labels>& expected) {
  REQUIRE(group.targets.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CheckLabels(group.targets[i], expected[i]);
  }
}

}  // namespace limpet

#endif  // LIMPET_TESTS_DISCOVERY_RELATED_FAKE_H_
