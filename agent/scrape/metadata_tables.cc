#include "agent/scrape/metadata_tables.h"

#include <algorithm>
#include <string>

#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

constexpr size_t kTried = 32;
constexpr size_t kSurplusMin = 32;

uint64_t HashOf(const MetricMetadata& metadata) {
  const TextHash& hash = TextHash::Instance();
  const uint64_t help = hash(metadata.help);
  return (help ^ hash(metadata.unit) * 31) * 0x9e3779b97f4a7c15 +
         static_cast<uint64_t>(metadata.type);
}

}  // namespace

uint16_t MetadataEntries::Add(const MetricMetadata& metadata) {
  if (metadata == NoMetadata()) return kNoMetadata;
  const uint64_t hash = HashOf(metadata);
  const auto known = places_.find(hash);
  if (known != places_.end()) return known->second;
  if (table_.size() > UINT16_MAX) return kNoMetadata;
  const auto place = static_cast<uint16_t>(table_.size());
  places_.emplace(hash, place);
  hashes_.push_back(hash);
  table_.push_back(metadata);
  return place;
}

bool MetadataTables::Covers(const Known& known, const std::vector<uint64_t>& hashes,
                            std::vector<uint16_t>& places) {
  if (known.places.size() < hashes.size()) return false;
  if (known.places.size() > 2 * hashes.size() + kSurplusMin) return false;
  places.assign(1, kNoMetadata);
  for (const uint64_t hash : hashes) {
    const auto it = std::lower_bound(known.places.begin(), known.places.end(),
                                     std::pair<uint64_t, uint16_t>(hash, 0));
    if (it == known.places.end() || it->first != hash) return false;
    places.push_back(it->second);
  }
  return true;
}

std::shared_ptr<const MetadataTable> MetadataTables::Intern(MetadataEntries entries,
                                                            std::vector<uint16_t>& places) {
  std::erase_if(known_, [](const Known& known) { return known.table.expired(); });
  size_t tried = 0;
  for (const Known& known : known_) {
    if (++tried > kTried) break;
    if (Covers(known, entries.hashes(), places)) return known.table.lock();
  }
  entries.table().shrink_to_fit();
  const auto table = std::make_shared<const MetadataTable>(std::move(entries.table()));
  Known made{table, {}};
  made.places.reserve(entries.hashes().size());
  places.assign(1, kNoMetadata);
  for (const uint64_t hash : entries.hashes()) {
    const auto place = static_cast<uint16_t>(places.size());
    made.places.emplace_back(hash, place);
    places.push_back(place);
  }
  std::sort(made.places.begin(), made.places.end());
  known_.push_front(std::move(made));
  return table;
}

MetadataTables::Usage MetadataTables::usage() const {
  constexpr size_t kInPlace = 15;  // longer strings have memory of their own
  Usage usage;
  for (const Known& known : known_) {
    const auto table = known.table.lock();
    if (table == nullptr) continue;
    ++usage.tables;
    usage.bytes += table->capacity() * sizeof(MetricMetadata) +
                   known.places.capacity() * sizeof(known.places[0]);
    for (const MetricMetadata& metadata : *table) {
      if (metadata.help.size() > kInPlace) usage.bytes += metadata.help.capacity() + 1;
      if (metadata.unit.size() > kInPlace) usage.bytes += metadata.unit.capacity() + 1;
    }
  }
  return usage;
}

}  // namespace limpet
