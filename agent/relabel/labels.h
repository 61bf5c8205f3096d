// Label sets: sorted by name, names unique, as Prometheus keeps them.
//
// Who calls it: everyone above platform/, any thread.
// A label with an empty value is the same as none, except where a comment says otherwise; Labels
// built by LabelsBuilder never hold one.
//
//   LabelsBuilder b(target.labels);
//   b.Set("job", "api").Del("pod");
//   Labels labels = b.Build();      labels.Get("job") == "api"
#ifndef LIMPET_AGENT_RELABEL_LABELS_H_
#define LIMPET_AGENT_RELABEL_LABELS_H_

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace limpet {

struct Label {
  std::string name;
  std::string value;
  friend auto operator<=>(const Label&, const Label&) = default;
};

class Labels {
 public:
  Labels() = default;
  // Sorts; of two with the same name the later one wins; empty values are dropped.
  Labels(std::initializer_list<Label> labels);
  explicit Labels(std::vector<Label> labels);

  // Empty where there is no such label.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  size_t size() const { return labels_.size(); }
  bool empty() const { return labels_.empty(); }
  auto begin() const { return labels_.begin(); }
  auto end() const { return labels_.end(); }
  // Stable over restarts and machines (XXH3-64 over names and values with separators).
  uint64_t Hash() const;
  // {a="b", c="d"}, as Prometheus prints it.
  std::string ToString() const;
  friend auto operator<=>(const Labels&, const Labels&) = default;

 private:
  std::vector<Label> labels_;
};

class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base) : labels_(base.begin(), base.end()) {}
  // An empty value deletes.
  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Del(std::string_view name);
  std::string_view Get(std::string_view name) const;
  // In order of name.
  const std::vector<Label>& labels() const { return labels_; }
  Labels Build() const { return Labels(labels_); }

 private:
  std::vector<Label> labels_;  // sorted
};

// [a-zA-Z_][a-zA-Z0-9_]*
bool IsLegacyLabelName(std::string_view name);
// [a-zA-Z_:][a-zA-Z0-9_:]*
bool IsLegacyMetricName(std::string_view name);
// Not empty and valid UTF-8: what Prometheus 3 takes as a name.
bool IsUtf8Name(std::string_view name);
bool IsValidUtf8(std::string_view text);

}  // namespace limpet

#endif  // LIMPET_AGENT_RELABEL_LABELS_H_
