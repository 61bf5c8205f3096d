// The metadata tables in memory: targets whose pages say the same of the same families share one.
//
// Who calls it: building layouts; the loop's thread.
// Operation: a table that is in use and has all that a page needs serves that page too, as long as
// it is not much larger than that; so pages that differ in a few families share one. The newest 32
// are tried. It owns no table: one that no layout uses any more is gone. Entries are told apart by
// a 64-bit hash.
#ifndef LIMPET_AGENT_SCRAPE_METADATA_TABLES_H_
#define LIMPET_AGENT_SCRAPE_METADATA_TABLES_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/metric_metadata.h"

namespace limpet {

// A table that is being put together; an entry that is in it already is not added again.
class MetadataEntries {
 public:
  MetadataEntries() { table_.emplace_back(); }
  // Its place; kNoMetadata where nothing is known or the table is full.
  uint16_t Add(const MetricMetadata& metadata);
  MetadataTable& table() { return table_; }
  const std::vector<uint64_t>& hashes() const { return hashes_; }  // of all entries but the first

 private:
  MetadataTable table_;
  std::vector<uint64_t> hashes_;
  std::unordered_map<uint64_t, uint16_t> places_;
};

class MetadataTables {
 public:
  // A table with these entries; `places` says for each of them where it is there.
  std::shared_ptr<const MetadataTable> Intern(MetadataEntries entries,
                                              std::vector<uint16_t>& places);
  struct Usage {
    uint64_t tables = 0;
    uint64_t bytes = 0;
  };
  Usage usage() const;

 private:
  struct Known {
    std::weak_ptr<const MetadataTable> table;
    std::vector<std::pair<uint64_t, uint16_t>> places;  // by hash, ascending
  };
  static bool Covers(const Known& known, const std::vector<uint64_t>& hashes,
                     std::vector<uint16_t>& places);
  std::deque<Known> known_;  // the newest first
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_METADATA_TABLES_H_
