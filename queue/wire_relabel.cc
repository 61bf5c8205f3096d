#include "queue/wire_relabel.h"

#include <algorithm>

namespace limpet {

bool WriteRelabel::IndependentOf(const OuterLabels& outer) {
  if (const bool* known = independent_.Find(outer.shape())) return *known;
  std::vector<std::string> names;
  for (size_t i = 0; i < outer.size(); ++i) names.emplace_back(outer.name(i));
  const bool independent = limpet::IndependentOf(rules_, names);
  return independent_.Put(outer.shape(), independent, 2 * outer.shape().size() + 64);
}

const RelabeledLayout& WriteRelabel::Layout(const std::shared_ptr<const SeriesBlock>& block) {
  if (const RelabeledLayout* known = layouts_.Find(block->id())) return *known;
  RelabeledLayout made = Relabel(block);
  size_t bytes = sizeof(made) + made.series.capacity() * sizeof(uint32_t);
  if (made.block != block) {
    bytes += made.block->encoded_bytes() + made.block->size() * sizeof(uint32_t);
  }
  return layouts_.Put(block->id(), std::move(made), bytes);
}

RelabeledLayout WriteRelabel::Relabel(const std::shared_ptr<const SeriesBlock>& block) const {
  RelabeledLayout made;
  made.series.reserve(block->size());
  SeriesBlock::Builder builder;
  uint32_t kept = 0;
  bool changed = false;
  for (size_t i = 0; i < block->size(); ++i) {
    const Labels before = block->LabelsOf(i);
    LabelsBuilder labels(before);
    if (!ApplyRelabelRules(rules_, labels) || labels.labels().empty()) {
      made.series.push_back(RelabeledLayout::kDropped);
      continue;
    }
    made.series.push_back(kept++);
    std::vector<Label> after = labels.labels();
    changed = changed || !std::equal(after.begin(), after.end(), before.begin(), before.end());
    // Empty labels go on keeping the target's away: these rules do not see the target's.
    block->ForEachLabel(i, [&](std::string_view name, std::string_view value) {
      if (value.empty() && labels.Get(name).empty()) after.push_back({std::string(name), ""});
    });
    std::sort(after.begin(), after.end());
    builder.BeginSeries(block->metadata().empty() ? kNoMetadata : block->metadata()[i]);
    for (const Label& label : after) builder.AddLabel(label.name, label.value);
  }
  if (changed) {
    made.block = builder.Build(block->metadata_table());
    return made;
  }
  made.block = block;
  for (size_t i = 0; i < made.series.size(); ++i) {
    if (made.series[i] != RelabeledLayout::kDropped) made.series[i] = static_cast<uint32_t>(i);
  }
  return made;
}

bool WriteRelabel::Apply(const SeriesBlock& block, size_t series, const OuterLabels& outer,
                         std::string& labels) const {
  LabelsBuilder merged;
  for (size_t i = 0; i < outer.size(); ++i) {
    if (outer.external(i)) merged.Set(outer.name(i), outer.value(i));
  }
  for (size_t i = 0; i < outer.size(); ++i) {
    if (outer.external(i)) continue;
    bool kept_away = false;
    block.ForEachLabel(series, [&](std::string_view name, std::string_view value) {
      kept_away = kept_away || (value.empty() && name == outer.name(i));
    });
    if (!kept_away) merged.Set(outer.name(i), outer.value(i));
  }
  block.ForEachLabel(series, [&](std::string_view name, std::string_view value) {
    if (!value.empty()) merged.Set(name, value);
  });
  if (!ApplyRelabelRules(rules_, merged)) return false;
  labels.clear();
  for (const Label& label : merged.labels()) {
    if (!label.value.empty()) AppendLabel(label.name, label.value, labels);
  }
  return !labels.empty();
}

}  // namespace limpet
