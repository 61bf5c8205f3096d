#include "agent/scrape/layout_difference.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// Of the labels as delivered, the target's included.
uint64_t DeliveredHash(const Layout& layout, size_t series, const LogTarget& target) {
  LabelsBuilder labels(target.labels);
  layout.block()->ForEachLabel(series, [&](std::string_view name, std::string_view value) {
    labels.Set(name, value);  // an empty one deletes the target's
  });
  return labels.Build().Hash();
}

std::vector<uint64_t> Hashes(const Layout& layout, const LogTarget& target, bool delivered) {
  std::vector<uint64_t> hashes(layout.page_series());
  for (size_t i = 0; i < hashes.size(); ++i) {
    hashes[i] = delivered ? DeliveredHash(layout, i, target)
                          : TextHash::Instance()(layout.block()->Encoded(i));
  }
  return hashes;
}

}  // namespace

std::vector<uint32_t> MissingSeries(const Layout& before, const LogTarget& before_target,
                                    const Layout& after, const LogTarget& after_target) {
  // With the same outer labels it is enough to compare the inner ones as they are encoded.
  const bool delivered = before_target.labels != after_target.labels;
  const std::vector<uint64_t> had = Hashes(before, before_target, delivered);
  std::vector<uint64_t> has = Hashes(after, after_target, delivered);
  std::sort(has.begin(), has.end());
  std::vector<uint32_t> missing;
  for (size_t i = 0; i < had.size(); ++i) {
    if (!std::binary_search(has.begin(), has.end(), had[i])) {
      missing.push_back(static_cast<uint32_t>(i));
    }
  }
  return missing;
}

std::vector<int64_t> MovedToLayout(const Layout& before, const LogTarget& before_target,
                                   const std::vector<int64_t>& numbers, const Layout& after,
                                   const LogTarget& after_target) {
  const bool delivered = before_target.labels != after_target.labels;
  std::unordered_map<uint64_t, int64_t> known;
  const std::vector<uint64_t> had = Hashes(before, before_target, delivered);
  for (size_t i = 0; i < had.size(); ++i) {
    const auto [it, is_new] = known.emplace(had[i], numbers[i]);
    if (!is_new) it->second = std::max(it->second, numbers[i]);
  }
  std::vector<int64_t> moved;
  for (const uint64_t hash : Hashes(after, after_target, delivered)) {
    const auto it = known.find(hash);
    moved.push_back(it == known.end() ? INT64_MIN : it->second);
  }
  return moved;
}

}  // namespace limpet
