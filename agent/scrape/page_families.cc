#include "agent/scrape/page_families.h"

#include <algorithm>

#include "agent/scrape/text_hash.h"

namespace limpet {

PageFamilies::PageFamilies(const std::vector<std::pair<std::string_view, uint16_t>>& families,
                           std::shared_ptr<const MetadataTable> table)
    : table_(std::move(table)) {
  const size_t most = std::min(families.size(), kFamiliesMax);
  size_t bytes = 0;
  size_t kept = 0;
  while (kept < most && bytes + families[kept].first.size() <= kNameBytesMax) {
    bytes += families[kept++].first.size();
  }
  names_.reserve(bytes);
  ends_.reserve(kept);
  places_.reserve(kept);
  for (size_t i = 0; i < kept; ++i) {
    names_ += families[i].first;
    ends_.push_back(static_cast<uint32_t>(names_.size()));
    places_.push_back(families[i].second);
  }
}

const MetricMetadata* PageFamilies::Find(std::string_view name) const {
  for (size_t i = 0; i < ends_.size(); ++i) {
    if (Name(i) == name) return &(*table_)[places_[i]];
  }
  return nullptr;
}

size_t PageFamilies::bytes() const {
  return sizeof(*this) + names_.capacity() + ends_.capacity() * sizeof(uint32_t) +
         places_.capacity() * sizeof(uint16_t);
}

uint64_t PageFamilies::content_hash() const {
  uint64_t hash = TextHash::Instance()(names_);
  for (const uint16_t place : places_) hash = (hash ^ place) * 0x9e3779b97f4a7c15;
  return hash + places_.size();
}

bool PageFamilies::SameContent(const PageFamilies& other) const {
  return names_ == other.names_ && ends_ == other.ends_ && places_ == other.places_ &&
         table_ == other.table_;
}

}  // namespace limpet
