// What a page says of its metric families, in order of the page, those without samples included:
// for whoever asks for metadata by the family's name.
//
// Who calls it: building layouts makes it, targets show it; the loop's thread. Immutable once
// built, and shared by the layouts whose pages say the same.
// Limits: 65 536 families and 1 MiB of names a page; what is beyond that is not kept. Memory: the
// names and 8 bytes a family; types, help and units are in the metadata table.
//
//   families.ForEach([](std::string_view name, const MetricMetadata& metadata) { ... });
#ifndef LIMPET_AGENT_SCRAPE_PAGE_FAMILIES_H_
#define LIMPET_AGENT_SCRAPE_PAGE_FAMILIES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queue/metric_metadata.h"
#include "queue/weak_pool.h"

namespace limpet {

class PageFamilies {
 public:
  static constexpr size_t kFamiliesMax = 65'536;
  static constexpr size_t kNameBytesMax = 1u << 20;

  // The places are those of the metadata in the table.
  PageFamilies(const std::vector<std::pair<std::string_view, uint16_t>>& families,
               std::shared_ptr<const MetadataTable> table);

  template <typename F>
  void ForEach(F&& function) const {
    for (size_t i = 0; i < ends_.size(); ++i) function(Name(i), (*table_)[places_[i]]);
  }
  // Null where the page says nothing of it.
  const MetricMetadata* Find(std::string_view name) const;
  size_t size() const { return ends_.size(); }
  // Without the table.
  size_t bytes() const;

  uint64_t content_hash() const;
  bool SameContent(const PageFamilies& other) const;

 private:
  std::string_view Name(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(names_).substr(begin, ends_[i] - begin);
  }
  std::string names_;           // one behind the other
  std::vector<uint32_t> ends_;  // of each name
  std::vector<uint16_t> places_;
  std::shared_ptr<const MetadataTable> table_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_FAMILIES_H_
